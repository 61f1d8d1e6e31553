"""The command line: a thin layer over the functions that the notebooks use as well.

It imports all rooms below but `metrics` and `formats`; no room imports it. Begin with `app`, where the commands are declared, then `series/`, which runs the
numbered notebooks by papermill.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "fit_words": ["search_lines"],
        "series.estimate": ["survey_films"],
        "series.first_cell": [],
        "series.jupyter_kernels": ["fresh_kernel"],
        "series.plan": ["check_settings", "foreign_notebooks", "notebook_files"],
    },
)
