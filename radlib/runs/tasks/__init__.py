"""What a study asks of a film, a file a kind of question: what the network answers, how that is learnt, judged and told.

Everything that depends on the kind of question stands in these files, so that techniques, reports and bundles never ask which
it is: they ask what it means. Begin with `task.Task`, which every kind fills in; `binary_question`, `findings_question` and
`classes_question` sort films, `outlines_question` and `boxes_question` say where in them, and `naming` finds a kind again by the name that a stored
variant bears.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "binary_question": ["binary"],
        "boxes_question": ["FOCUS", "OFFSET_WEIGHT", "SIZE_WEIGHT", "SPARED", "boxes"],
        "classes_question": ["classes"],
        "findings_question": ["findings"],
        "naming": ["measure_word", "named", "task_of"],
        "outlines_question": ["outlines"],
        "task": ["Task"],
    },
)
