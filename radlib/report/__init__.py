"""The report of a run: tables, pictures and words, made from the run's files alone and never from a model.

It imports all rooms below but `imaging`, `techniques`, `importing` and `deployment`. Begin with `writing.write_report`, then `readings` (what evaluation stored), `tables` (one row per
variant), `wording` (numbers into what a person reads) and `pages` (the page put together); `figures/` draws, `templates/`
holds the page.

A report can be written anew on any machine, years later.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["figures", "notebook_tables", "readings", "tables"],
    submod_attrs={
        "agreement_table": ["agreement"],
        "claims": ["claim", "conclude"],
        "evidence": ["calibration", "changed_decisions", "decisions", "harm"],
        "forests": ["group_panels", "group_rows"],
        "gate": ["check_gate"],
        "headlines": ["headline"],
        "heat_map_tables": ["drawn_heat_maps", "heat_maps"],
        "inside_tables": ["insides"],
        "judgements": ["verdicts"],
        "model_cards": ["card_path"],
        "notebook_views": ["opening", "readable", "red_alarm", "source"],
        "boxes.box_results": ["box_groups", "box_measures", "box_results", "froc_table"],
        "outlines.outline_results": ["outline_groups", "outline_measures", "outline_results"],
        "pair_tables": ["pairs"],
        "sources": ["left_out_sources"],
        "rates_by_group": ["group_rates"],
        "stress_tables": ["stress"],
        "tables": ["comparisons", "over_seeds", "per_label", "results"],
        "usefulness": ["winner_and_original"],
        "usefulness_pictures": ["precision_curves"],
        "wording": ["known", "rate", "signed", "signed_span", "span"],
        "writing": ["publish", "write_report", "write_results"],
    },
)
