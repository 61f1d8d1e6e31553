"""The forest shows every row once, the margin, and what could not be judged."""

import numpy as np
import pandas as pd

from radlib.report import figures
from radlib.report.forests import finding_rows, group_panels, group_rows
from radlib.runs.settings import Settings


def test_findings_stand_rarest_first_with_the_clustered_interval():
    verdicts = pd.DataFrame({
        "variant": ["a", "a", "b"], "label": ["mass", "hernia", "mass"], "prevalence": [0.1, 0.01, 0.1],
        "positives": [100, 10, 100], "films": 1000, "difference": [-0.02, -0.1, 0.0],
        "difference_low": [-0.03, -0.2, -0.02], "difference_high": [-0.01, 0.0, 0.02], "verdict": ["inferior", "cannot tell", "non-inferior"],
    })  # fmt: skip
    rows = finding_rows(verdicts, "a")
    assert rows["name"].tolist() == ["hernia", "mass"] and rows["count"].tolist() == [
        "10 of 1,000",
        "100 of 1,000",
    ]
    assert rows["difference_low"].tolist() == [-0.2, -0.03]
    (ax,) = figures.forest(rows, {"AUROC": ("", 0.01)})
    drawn = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "s"]
    assert drawn == [-0.1, -0.02]
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "hernia   10 of 1,000",
        "mass   100 of 1,000",
    ]


def test_a_group_that_is_too_small_says_so_in_its_panel_alone():
    harm = pd.DataFrame({
        "variant": "a", "label": "mass", "by": ["sex", "age_group"], "group": ["F", "0–1"], "positives": [40, 2],
        "films": [90, 9], "difference": [-0.01, np.nan], "difference_low": [-0.02, np.nan],
        "difference_high": [0.0, np.nan], "verdict": ["cannot tell", "undefined"],
    })  # fmt: skip
    for rate in ("sensitivity", "specificity"):
        for end in ("", "_low", "_high"):
            harm[f"difference_{rate}{end}"] = 0.0
        harm[f"verdict_{rate}"] = "non-inferior"
    rows = group_rows(harm, "a")
    assert rows["name"].tolist() == ["sex F", "age 0–1"]
    axes = figures.forest(rows, group_panels(Settings()))
    assert [ax.get_title(loc="left") for ax in axes] == ["AUROC", "sensitivity", "specificity"]
    assert [[t.get_text() for t in ax.texts] for ax in axes] == [["too few"], [], []]


def test_a_data_set_without_groups_has_an_empty_forest():
    rows = group_rows(pd.DataFrame(columns=["variant", "label", "by", "group", "harmed"]), "a")
    axes = figures.forest(rows, group_panels(Settings()))
    assert axes[0].texts[0].get_text() == "nothing to compare"
