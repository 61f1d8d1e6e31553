"""CONTRIBUTING.md shows the house as it stands: its picture and tables are made from the code, and every path leads somewhere."""

import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("house", REPOSITORY / ".ci" / "house.py")
house = importlib.util.module_from_spec(spec)
spec.loader.exec_module(house)
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
COUNTS = house.arrows(house.import_graph(REPOSITORY / "radlib"))


def test_the_picture_and_the_tables_are_those_of_the_code():
    assert house.PICTURE.read_text(encoding="utf-8") == house.picture(COUNTS), "run: make readme"
    assert house.fill(PAGE) == PAGE, "run: make readme"


def test_the_picture_shows_every_room_every_arrow_and_an_arrow_upwards():
    drawn = ElementTree.fromstring(house.picture(COUNTS))
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert set(house.FLOORS) <= set(texts)
    titles = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}title")}
    assert titles == {f"{a} imports {b}: {count}" for (a, b), count in COUNTS.items()}
    assert "1 of them upwards." in house.picture(COUNTS + Counter({("foundation", "cli"): 1}))


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", PAGE))))
def test_every_link_leads_somewhere(target):
    assert (REPOSITORY / target).exists()


def test_every_command_it_names_exists():
    made = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    assert set(re.findall(r"`make ([a-z-]+)`", PAGE)) <= made
    bare = [
        path for path in re.findall(r"`((?:tests|radlib|notebooks)/[\w./-]+)`", PAGE) if path != "tests/ROOM"
    ]
    assert all((REPOSITORY / path).exists() for path in bare)
