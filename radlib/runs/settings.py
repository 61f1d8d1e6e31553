"""The closed list of settings that a run depends on, typed, with the values that each may have.

Configuration lives in two places only. A study file holds every setting; the parameters cell of a notebook
(and `-p NAME VALUE` of `radlib run`) overrides single ones. An unknown or ill-typed one is refused before
anything runs.
"""

import dataclasses
import inspect
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.names import check_known
from radlib.foundation.value_types import Range, accepted, plain_type
from radlib.imaging.resampling import FILTERS


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on, flat, so that each can be a notebook parameter.

    Attributes:
        dataset: Name of a registered data set.
        data: Folder or file with the films; empty where the data set makes its own.
        dataset_options: Further arguments of the data set's function.
        id_scope: `dataset`: equal patient ids mean one patient. `folder`: only within an official folder.
        image_size: Side of the square input, pixels.
        resize: `stretch` to the square or `pad` to it.
        resampling: The filter that resizes (`radlib.imaging.resampling`); our own is `bilinear`, antialiased.
        operations: Names of image operations applied before the network (a closed list, see `images`).
        window: Which of several windows or VOI tables DICOM films are looked at through, from 0.
        validation_fraction: Share of the training patients kept for choices.
        test_fraction: Share of all patients kept for the test, where there is no official one.
        split_seed: Seed of the patient-wise split.
        architecture: Name of a registered architecture.
        architecture_options: Further arguments of its function, e.g. `{alpha: 0.35}`.
        weights: `none`, `imagenet`, a weights file, or the `model.keras` of another run, whose last layer begins anew.
        tag: Tells apart two networks of one architecture, e.g. `scratch`.
        seed: Seed of initial weights, film order and augmentation.
        epochs: Passes over the training films, at most; 0 takes the network as the weights file brings it, head included.
        batch_size: Films in one gradient step.
        replicas: Graphics cards of this machine that a network's training is shared out among; techniques train on one.
        learning_rate: Highest learning rate of the Adam optimizer.
        schedule: `cosine` (after a warm-up, to zero), `plateau` (divided when validation stalls), `constant`.
        warmup_epochs: Epochs of linear warm-up.
        weight_decay: Decoupled weight decay of kernels (Loshchilov and Hutter, 2019); 0 is plain Adam.
        label_smoothing: Share of the target spread over the other answer.
        dropout: Rate before the last layer.
        average_share: Share of the training over which weights are averaged, exponentially; 0 is off.
        patience: Epochs after the warm-up without a better validation AUROC or loss before training stops; 0 is off.
        class_weights: Whether both answers get equal total weight.
        augmentation: Half-ranges, see `augmentation.Augmentation`.
        chains: Techniques to apply to each network, e.g. `magnitude_pruning+int8`.
        initial_sparsity: Share of zeros at the first pruning step.
        final_sparsity: Share of zeros at the last.
        pruning_epochs: Passes over the training films while pruning.
        technique_options: `{technique: {parameter: value}}` for any other parameter of a technique.
        representative_films: Training films that int8 conversion looks at.
        operating_point_films: `validation`, or `perturbed`: copies of them with other exposure and framing.
        perturbation: Half-ranges of those copies, see `augmentation.Augmentation`; without any, those of `perturbed_films.OTHER_ROOM`.
        threshold_rule: By what thresholds are chosen: `youden`, `sensitivity` (promised), `cost` (least) or `half` (0.5).
        threshold_sensitivity: What the rule `sensitivity` promises at least, on patients with the finding.
        threshold_assurance: With what confidence it does.
        missed_cost: How many films called back for nothing one missed finding weighs, for the rule `cost`.
        prevalence: Share of films with the finding at the place of use, of one finding; 0 takes that of the films at hand.
        stress_films: Validation films that the winner and its original read under ever more change; 0 for none.
        bootstrap_draws: Draws of patients behind every interval that has no formula, such as those of F1 and of bands of curves.
        latency_calls: Timed single-film calls per variant, after warm-up.
        margin: Largest loss of AUROC, of outlines of Dice, that still counts as "as good".
        rate_margin: Largest loss of sensitivity or specificity, of all films or within a group, that still counts as none.
        selection_loss: Largest loss that a winner may have by its upper 90 % bound on validation films as they are and perturbed, as probit of AUROC; 0.106 is from 0.96 to 0.95.
        gate_noninferior: Whether the winner must be non-inferior to the (best) original, on validation and on test films.
        gate_size_kb: Largest file of a winner, KB of 1,000 bytes; 0 for any.
        size_limits_kb: Sizes of a device's free space, KB of 1,000 bytes; the report names the best reader under each.
        pairs: `[[chain, chain], …]`: variants that the report compares with each other, over all seeds together.
    """

    dataset: str = "synthetic"
    data: str = ""
    dataset_options: dict[str, Any] = field(default_factory=dict)
    id_scope: Literal["dataset", "folder"] = "dataset"
    image_size: Annotated[int, Range(16, 2048)] = 64
    resize: Literal["stretch", "pad"] = "stretch"
    resampling: Literal[FILTERS] = "bilinear"  # type: ignore[valid-type]  # named in one place alone
    operations: list[str] = field(default_factory=list)
    window: Annotated[int, Range(0, 1000)] = 0
    validation_fraction: Annotated[float, Range(0.01, 0.9)] = 0.15
    test_fraction: Annotated[float, Range(0.01, 0.9)] = 0.25
    split_seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    architecture: str = "student_small"
    architecture_options: dict[str, Any] = field(default_factory=dict)
    weights: str = "none"
    tag: str = ""
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    epochs: Annotated[int, Range(0, 10_000)] = 12
    batch_size: Annotated[int, Range(1, 4096)] = 32
    replicas: Annotated[int, Range(1, 64)] = 1
    learning_rate: Annotated[float, Range(0, 100)] = 0.003
    schedule: Literal["cosine", "plateau", "constant"] = "cosine"
    warmup_epochs: Annotated[float, Range(0, 10_000)] = 1.0
    weight_decay: Annotated[float, Range(0, 1)] = 0.0
    label_smoothing: Annotated[float, Range(0, 0.5)] = 0.0
    dropout: Annotated[float, Range(0, 0.9)] = 0.0
    average_share: Annotated[float, Range(0, 0.5)] = 0.0
    patience: Annotated[int, Range(0, 10_000)] = 5
    class_weights: bool = True
    augmentation: dict[str, float | bool] = field(default_factory=dict)
    chains: list[str] = field(default_factory=list)
    initial_sparsity: Annotated[float, Range(0, 0.99)] = 0.5
    final_sparsity: Annotated[float, Range(0, 0.99)] = 0.8
    pruning_epochs: Annotated[int, Range(1, 10_000)] = 3
    technique_options: dict[str, dict[str, Any]] = field(default_factory=dict)
    representative_films: Annotated[int, Range(1, 100_000)] = 100
    operating_point_films: Literal["validation", "perturbed"] = "validation"
    perturbation: dict[str, float | bool] = field(default_factory=dict)
    threshold_rule: Literal["youden", "sensitivity", "cost", "half"] = "youden"
    threshold_sensitivity: Annotated[float, Range(0.5, 0.999)] = 0.95
    threshold_assurance: Annotated[float, Range(0.5, 0.999)] = 0.95
    missed_cost: Annotated[float, Range(0.001, 10_000)] = 10.0
    prevalence: Annotated[float, Range(0, 0.999)] = 0.0
    stress_films: Annotated[int, Range(0, 100_000)] = 200
    bootstrap_draws: Annotated[int, Range(2, 1_000_000)] = 1000
    latency_calls: Annotated[int, Range(50, 1_000_000)] = 100
    margin: Annotated[float, Range(0, 0.5)] = 0.01
    rate_margin: Annotated[float, Range(0, 0.5)] = 0.05
    selection_loss: Annotated[float, Range(0, 10)] = 0.106
    gate_noninferior: bool = False
    gate_size_kb: Annotated[float, Range(0)] = 0.0
    size_limits_kb: list[Annotated[float, Range(0, open_low=True)]] = field(default_factory=list)
    pairs: list[list[str]] = field(default_factory=list)

    @property
    def network(self) -> str:
        """`architecture[@tag]`: what tells the networks of a study apart."""
        return self.architecture + (f"@{self.tag}" if self.tag else "")

    def override(self, given: Mapping[str, Any]) -> "Settings":
        """Return these settings with those in `given` replaced; None means "as it is".

        Raises:
            UsageError: For an unknown name or a value of the wrong type.
        """
        return dataclasses.replace(self, **{k: checked(k, v) for k, v in given.items() if v is not None})


SETTING_ANNOTATIONS: dict[str, Any] = typing.get_type_hints(Settings, include_extras=True)
SETTING_TYPES: dict[str, type] = {name: plain_type(of) for name, of in SETTING_ANNOTATIONS.items()}
TAG = re.compile(r"[^\W_][\w.-]{0,39}")  # it becomes part of the names of files
GONE = {
    "average_decay": "average_share says over which share of the training weights are averaged, 0.05 for example",
    "batch_norm_momentum": "batch norm's statistics are estimated anew after every epoch",
}  # settings of earlier versions, and why there are none any more
PLACES = ("data", "weights")  # settings that may name a place on this machine
WITHHELD = "(private)"


def checked(name: str, value: Any) -> Any:
    """Return `value` as the type that setting `name` has.

    Whole numbers pass as fractions (8 as 8.0), numbers as names (the tag 1), tuples as lists, and yes or no as true or
    false; nothing else is converted, so that `"false"` is never taken for true.

    Raises:
        UsageError: For an unknown name (the message names the nearest), a value of the wrong type, or one that
            is not among the choices.
    """
    if name in GONE:
        raise UsageError(f"There is no setting {name!r} any more: {GONE[name]}; leave it out.")
    check_known("setting", name, SETTING_TYPES)
    try:
        found = accepted(SETTING_ANNOTATIONS[name], value)
    except ValueError as wanted:
        shown_value = "" if name in PLACES else f", not {str(value)[:60]!r}"
        raise UsageError(f"Setting {name!r} takes {wanted}{shown_value}.") from None
    if name == "tag" and found and not TAG.fullmatch(found):
        raise UsageError(
            f"Setting 'tag' takes letters, digits and _ - . of at most 40 characters, not {found[:60]!r}."
        )
    if SETTING_TYPES[name] is float:
        return float(found)
    return found


def describe_settings() -> dict[str, str]:
    """Return {setting: what it means}, from the docstring of `Settings`."""
    lines = (inspect.getdoc(Settings) or "").split("Attributes:\n")[1].splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith("    "))


def is_place(name: str, value: Any) -> bool:
    """Tell whether a setting's value names a place on this machine rather than `none` or `imagenet`."""
    return name in PLACES and value not in ("", None, "none", "imagenet")


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as anyone may see them: a folder may be named after a patient."""
    return {name: WITHHELD if is_place(name, value) else value for name, value in settings.items()}


def settings_table(settings: Settings, *names: str) -> "pd.DataFrame":
    """Return settings as a table: setting, value, meaning; a place on this machine is not shown.

    Args:
        settings: Those of one network.
        *names: Which of them; none for all.
    """
    values = shown(dataclasses.asdict(settings))
    meaning = describe_settings()
    rows = [(name, _in_words(values[name]), meaning[name]) for name in names or meaning]
    return pd.DataFrame(rows, columns=["setting", "value", "meaning"]).set_index("setting")


def _in_words(value: Any) -> str:
    """Return a setting's value without the brackets and quotes of Python."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
