"""The text of a new study: what a folder tells filled in, every line that a user may want to change with its comment."""

from collections.abc import Mapping
from typing import Any

import yaml

from radlib.datasets.looking.folder_looks import FolderLook

LARGE_SIDE, SMALL_SIDE = 96, 64  # pixels; below the latter a film is taken as it is
SMALL_SET = 3000  # films; smaller sets are gone through more often

TEXT = """\
# {films:,} films, looked at by `radlib new`. What is not as you want it: change it here, and ask `radlib check` again.
#
#   radlib check {name}.yaml --data FOLDER        # what would stop or weaken a run
#   radlib run --study {name}.yaml --data FOLDER
#
# FOLDER is where the films lie. De-identify them first. Research only, not a medical device.
name: {name}
title: "Films of our own"

parameters:
  dataset: {dataset}
{options}  image_size: {side:<19}# pixels; larger sees smaller things and takes longer
  validation_fraction: 0.15      # of the patients outside the test part
  test_fraction: 0.25            # of all patients, where no part is official
  split_seed: 0                  # another one divides the patients otherwise
  epochs: {epochs:<23}# passes over the training films
  batch_size: {batch:<19}# films
  learning_rate: 0.003
  weight_decay: 0.05
  label_smoothing: 0.1
  average_share: 0.07
  patience: 0                    # a cosine schedule is meant to reach its end
  architecture: student_residual # `radlib list architectures` has more; of few films one that brings weights learns more
  architecture_options: {{width: 1.0, first_strides: {strides}}}
  margin: {margin:<23}# loss of AUROC that is none yet; {margin_words}
  rate_margin: 0.05              # loss of sensitivity or specificity that is none yet
  threshold_rule: youden         # or: sensitivity (with threshold_sensitivity and threshold_assurance), cost (missed_cost), half
  operating_point_films: perturbed   # thresholds are chosen on validation films exposed and framed otherwise
  size_limits_kb: [150, 60, 30, 12]  # for each, the best file that fits is named
  chains:                        # `radlib list techniques` has all, with their options
    - float32
    - int8
    - mixed_precision
    - magnitude_pruning+int8
    - magnitude_pruning+deep_compression

seeds: [0]                       # [0, 1, 2] trains three times and can speak of methods, not of files alone
"""


def study_text(look: FolderLook, name: str, dataset: str, options: Mapping[str, Any], margin: float) -> str:
    """Return the text of a study.

    Args:
        look: What its folder holds.
        name: Of the study.
        dataset: Who reads the folder.
        options: Of the data set.
        margin: Of AUROC.
    """
    side = LARGE_SIDE if look.sample.side >= LARGE_SIDE else max(28, look.sample.side or LARGE_SIDE)
    films = len(look.films)
    return TEXT.format(
        films=films,
        name=name,
        dataset=dataset,
        options=_options(look, dataset, options),
        side=side,
        epochs=60 if films < SMALL_SET else 40,
        batch=32 if films < SMALL_SET else 64,
        strides=2 if side > SMALL_SIDE else 1,
        margin=margin,
        margin_words=(
            "the smallest that so many test films can answer"
            if margin < 0.1
            else "so few test films can hardly answer any"
        ),
    )


def _options(look: FolderLook, dataset: str, options: Mapping[str, Any]) -> str:
    """Return the lines of the data set's options, with those that may be wanted commented out."""
    lines = []
    if options:
        flow = yaml.safe_dump(
            dict(options), default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
        ).strip()
        lines.append(f"  dataset_options: {flow}\n")
    if dataset == "folders":
        pattern = look.name_pattern or r"patient0*(\d+)_"
        names = sorted(look.classes, key=str.casefold)
        lines.append(
            f"  # dataset_options: {{positive: {names[-1]!r}, negative: {names[0]!r}, patient_pattern: '{pattern}'}}\n"
        )
        if look.name_pattern:
            lines.append(
                "  # The names may tell whose film is whose by that pattern: look at some, and take the # away if they do.\n"
            )
    if dataset == "kermany":
        lines.append(
            "  id_scope: folder               # equal patient numbers in train and test need not be one child\n"
        )
    parts = look.headers["body_part"]
    if dataset == "dicom_folder" and parts and set(parts) != {"CHEST"}:
        listed = ", ".join(parts)
        lines.append(
            f"  # The headers name {listed}; of others than CHEST only what option body_parts names is read.\n"
        )
    return "".join(lines)
