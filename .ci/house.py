"""Draw the house into docs/house.svg, and write its generated parts of CONTRIBUTING.md; a test holds both true.

The picture is a staircase: each room stands on its own step, and what it imports lies to the right of it and down.
Every number is a count of import lines in the code (see tests/house/import_graph.py), so a number to the left of a
step, which would be an import upwards, would be seen at once.
"""

import ast
import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "house"))
from import_graph import FLOORS, arrows, import_graph  # noqa: E402

PICTURE = REPOSITORY / "docs" / "house.svg"
PAGE = REPOSITORY / "CONTRIBUTING.md"
STEP_X, STEP_Y = 56, 38  # pixels from one room to the next
LEFT, TOP = 104, 28
BOX_HEIGHT = 26
STOREYS = {  # what lies on neighbouring floors, from the ground up, with its colour
    "tools": (("foundation", "metrics", "imaging", "formats", "runs"), "#57606a"),
    "films and networks": (("datasets", "architectures", "training"), "#1a7f8e"),
    "the subject": (("techniques",), "#bc4c00"),
    "what is asked of a network": (("evaluation", "importing", "deployment"), "#6639ba"),
    "what a user touches": (("report", "cli"), "#0969da"),
}
STYLE = """
  .ground { fill: #ffffff; stroke: #d0d7de } .line { stroke: #d8dee4; stroke-width: 1.5 }
  text { font-family: -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 12px; fill: #1f2328 }
  .room { fill: #ffffff; font-weight: 600; text-anchor: middle } .count { fill: #ffffff; font-size: 10px; text-anchor: middle }
  .title { font-size: 15px; font-weight: 600 } .quiet { fill: #59636e }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d } .line { stroke: #2f3742 }
    text { fill: #e6edf3 } .room, .count { fill: #ffffff } .quiet { fill: #9198a1 }
  }
"""


def picture(counts: Mapping[tuple[str, str], int]) -> str:
    """Return the house as SVG: one step a room, one dot a pair of rooms, as large as there are imports."""
    rooms = FLOORS[::-1]
    colours = {name: colour for names, colour in STOREYS.values() for name in names}
    width, height = LEFT + STEP_X * len(rooms), TOP + STEP_Y * len(rooms) + 12
    place = {name: (LEFT + STEP_X * n, TOP + STEP_Y * n + BOX_HEIGHT / 2) for n, name in enumerate(rooms)}
    lines, dots, boxes = [], [], []
    for name in rooms:
        (x, y), colour = place[name], colours[name]
        right = max((place[b][0] for a, b in counts if a == name), default=x)
        above = min((place[a][1] for a, b in counts if b == name), default=y)
        lines.append(f'<path class="line" fill="none" d="M{x} {y:g}H{right}M{x} {y:g}V{above:g}"/>')
        wide = 7.2 * len(name) + 18
        boxes.append(
            f'<rect x="{x + 14 - wide:g}" y="{y - BOX_HEIGHT / 2:g}" width="{wide:g}" height="{BOX_HEIGHT}" rx="6" '
            f'fill="{colour}"/><text class="room" x="{x + 14 - wide / 2:g}" y="{y + 4:g}">{name}</text>'
        )
    for (a, b), count in sorted(counts.items()):
        x, y, radius = place[b][0], place[a][1], min(6.5 + 1.1 * math.sqrt(count), 17)
        dots.append(
            f'<g><title>{a} imports {b}: {count}</title><circle cx="{x}" cy="{y:g}" r="{radius:.1f}" '
            f'fill="{colours[a]}"/><text class="count" x="{x}" y="{y + 3.5:g}">{count}</text></g>'
        )
    parts = [*lines, *dots, *boxes, *legend(counts, height)]
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{alternative(counts)}">\n<style>{STYLE}</style>\n'
        f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="12"/>\n{inside}\n</svg>\n'
    )


def legend(counts: Mapping[tuple[str, str], int], height: float) -> list[str]:
    """Return the title, and how to read the picture, in the empty corner below the stairs."""
    told = [
        ("title", 0, "The house"),
        ("quiet", 24, "From a room go right to a number, then down:"),
        ("quiet", 41, "there is the room it imports, so many times."),
        ("quiet", 58, f"{counts.total()} imports lead from room to room,"),
        ("quiet", 75, f"{upwards(counts)} of them upwards."),
    ]
    top = height - 225
    rows = [f'<text class="{kind}" x="24" y="{top + down:g}">{words}</text>' for kind, down, words in told]
    for number, (words, (_, colour)) in enumerate(reversed(STOREYS.items())):
        y = top + 104 + 20 * number
        rows.append(
            f'<rect x="24" y="{y - 10:g}" width="12" height="12" rx="3" fill="{colour}"/><text x="44" y="{y:g}">{words}</text>'
        )
    return rows


def upwards(counts: Mapping[tuple[str, str], int]) -> int:
    """Return how many imports lead to a higher floor."""
    return sum(count for (a, b), count in counts.items() if FLOORS.index(b) > FLOORS.index(a))


def alternative(counts: Mapping[tuple[str, str], int]) -> str:
    """Return the picture in a sentence, for those who do not see it."""
    rooms = ", ".join(FLOORS[::-1])
    return f"The rooms of radlib from the top floor down: {rooms}; {counts.total()} imports, {upwards(counts)} upwards"


def first_sentence(room: str) -> str:
    """Return what a room says it is for: the first sentence of its `__init__`."""
    source = (REPOSITORY / "radlib" / room / "__init__.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)).split("\n\n")[0].replace("\n", " ")


def generated() -> dict[str, str]:
    """Return the text of every generated part of CONTRIBUTING.md, by name."""
    counts = arrows(import_graph(REPOSITORY / "radlib"))
    rows = [f"| [`{room}/`](radlib/{room}/__init__.py) | {first_sentence(room)} |" for room in FLOORS[::-1]]
    return {
        "house": f"![{alternative(counts)}](docs/house.svg)",
        "rooms": "\n".join(["| room | what it is for |", "|---|---|", *rows]),
    }


def fill(text: str) -> str:
    """Return CONTRIBUTING.md with its generated parts made anew."""
    for name, part in generated().items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(marks, lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text, flags=re.S)
    return text


if __name__ == "__main__":
    PICTURE.write_text(picture(arrows(import_graph(REPOSITORY / "radlib"))), encoding="utf-8")
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
