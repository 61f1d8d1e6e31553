"""The README's tables are those that the published results and the registries make."""

import importlib.util
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("readme_tables", REPOSITORY / ".ci" / "readme_tables.py")
readme_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(readme_tables)
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_generated_parts_are_up_to_date():
    assert readme_tables.fill(README) == README, "run: make readme"


def test_every_generated_part_has_its_place():
    for name in readme_tables.generated():
        assert README.count(f"<!-- {name} -->") == README.count(f"<!-- /{name} -->") == 1, name


def test_a_changed_number_would_be_noticed():
    changed = re.sub(r"(\| \d+\.\d+ × \|)", "| 99.9 × |", README, count=1)
    assert changed != README
    assert readme_tables.fill(changed) != changed


def test_every_file_the_readme_links_to_exists():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / target).exists(), target


def test_no_clinical_claim():
    assert "Research only, not a medical device" in README
