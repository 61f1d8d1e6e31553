"""The README's tables are those that the published results and the registries make."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("readme_tables", REPOSITORY / ".ci" / "readme_tables.py")
readme_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(readme_tables)
PAGES = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in readme_tables.PAGES}
README = PAGES["README.md"]
MADE = readme_tables.generated()


@pytest.mark.parametrize("name", PAGES)
def test_generated_parts_are_up_to_date(name):
    assert readme_tables.fill(PAGES[name], MADE) == PAGES[name], "run: make readme"


def test_every_generated_part_has_its_place():
    text = "".join(PAGES.values())
    for name in MADE:
        assert text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1, name


def test_a_changed_number_would_be_noticed():
    for name in ("README.md", "docs/results.md"):
        changed = re.sub(r"\| 0\.\d{3} \(", "| 0.123 (", PAGES[name], count=1)
        assert changed != PAGES[name]
        assert readme_tables.fill(changed, MADE) != changed


@pytest.mark.parametrize(
    "name", [*PAGES, *(f"docs/{path.name}" for path in sorted((REPOSITORY / "docs").glob("*.md")))]
)
def test_every_file_that_a_page_links_to_exists(name):
    page = REPOSITORY / name
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_no_clinical_claim():
    assert "Research only, not a medical device" in README


def test_the_readme_is_short_and_names_every_notebook():
    assert len(README.splitlines()) <= 250
    for path in (REPOSITORY / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{path.name})" in README, path.name
    for picture in ("docs/report.png", "docs/page.png"):
        assert f"]({picture})" in README and (REPOSITORY / picture).stat().st_size <= 200_000


def row(label, difference, verdict, **given):
    ends = {
        "difference_low": difference - 0.01,
        "difference_high": difference + 0.01,
        "auroc_low": 0.9,
        "auroc_high": 0.95,
    }
    return {"network": "n", "seed": 0, "chain": label, "label": label, "size_bytes": 40_000, "compression": 10.0, "films": 100,
            "auroc": 0.93, "difference": difference, "verdict": verdict, "winner": False, **ends, **given}  # fmt: skip


ORIGINAL = row("original", float("nan"), float("nan"), size_bytes=60_000_000)


def test_findings_follow_from_the_tables(tmp_path):
    found = readme_tables.readme_findings
    rows = [
        ORIGINAL,
        row("a", -0.001, "non-inferior"),
        row("b", -0.05, "inferior", size_bytes=9),
        row("c", 0.0, "cannot tell"),
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "results.csv", index=False)
    pair = {"network": "n", "before": "distilled", "after": "distilled (soft share 0)", "seeds": 3, "before_auroc": 0.95,
            "after_auroc": 0.93, "difference": -0.02, "difference_low": -0.03, "difference_high": -0.01}  # fmt: skip
    pd.DataFrame([pair]).to_csv(tmp_path / "pairs.csv", index=False)
    text = found.findings(tmp_path, 0.02)
    assert "**60.0 MB became 40 KB**: n by a" in text and "+" not in text.split("\n")[0].split("AUROC")[0]
    assert (
        "**Teaching helped**" in text
        and "reads at 0.950, without one at 0.930 (+0.020 [+0.010 to +0.030], mean of 3" in text
    )
    assert "**Of 3 smaller files 1 are shown" in text and "1 read worse, and of 1 nobody can tell" in text
    assert "earlier version" in text  # without a column `conclusion`
    assert "weighs 40 KB, 10.0 times smaller" in found.takeaway(pd.DataFrame(rows))
    worse = pd.DataFrame([ORIGINAL, rows[2]]).assign(conclusion=["", "loses"])
    worse.to_csv(tmp_path / "results.csv", index=False)
    text = found.findings(tmp_path, 0.02)
    assert "**No file is shown to read as well**" in text and "earlier version" not in text
    assert "Of 1 files made from n (60.0 MB) none is shown to." in text
    second = [{**each, "network": "m", "size_bytes": each["size_bytes"] / 2} for each in (ORIGINAL, rows[1])]
    both = pd.DataFrame([ORIGINAL, rows[2], *second]).assign(conclusion=["", "loses", "", "as good"])
    both.to_csv(tmp_path / "results.csv", index=False)
    said = found.findings(tmp_path, 0.02).split("\n")[0]
    assert said.startswith("- **30.0 MB became 20 KB**: m by a") and said.endswith(
        "from n (60.0 MB) none is shown to."
    )
    assert found.takeaway(worse) == "None of 1 smaller files is shown to read as well as its original."


def test_teaching_is_told_as_it_came_out():
    teach = readme_tables.readme_findings.teaching
    pair = {"network": "n", "before": "distilled (soft share 0)", "after": "distilled", "seeds": 1, "before_auroc": 0.95,
            "after_auroc": 0.93, "difference": -0.02, "difference_low": -0.03, "difference_high": -0.01}  # fmt: skip
    assert (
        "**Teaching harmed**" in teach(pd.DataFrame([pair]), ["n"])
        and teach(pd.DataFrame([pair]), ["m"]) == ""
    )
    unsure = {**pair, "difference_high": 0.01}
    assert "could not be told from none" in teach(pd.DataFrame([unsure]), ["n"])
    once = {**pair, "difference_low": float("nan"), "difference_high": float("nan")}
    text = teach(pd.DataFrame([once]), ["n"])
    assert "could not be told from none" in text and text.endswith(
        "(−0.020, one training each, which says nothing of others)."
    )


def test_every_notebook_shows_in_the_readme_what_it_shows_now(tmp_path):
    pictures = readme_tables.notebook_pictures
    notebooks = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in notebooks if pictures.outdated(path)] == [], "run: make readme"
    shown = re.findall(r'<img src="docs/notebooks/(\w+)\.png" width="160" alt="[^"|]+">', PAGES["README.md"])
    assert shown == [path.stem for path in notebooks if pictures.pictured(path)]
    text = notebooks[0].read_text(encoding="utf-8")
    cell = pictures.pictured(notebooks[0])
    other = tmp_path / notebooks[0].name
    other.write_text(text.replace(pictures.png(cell)[:200].strip(), "A" * 200, 1), encoding="utf-8")
    assert pictures.outdated(other)
