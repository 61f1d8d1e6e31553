"""The pages of docs/ in the site: own films, own network, devices, techniques, results, privacy; links within them lead on.

What lies elsewhere in the repository, and pictures, stay with the repository: the site works from its folder alone.
"""

import re
from pathlib import Path

from docs_parts import Page, html

DOCS = Path(__file__).resolve().parent.parent / "docs"


def guide_pages() -> list[Page]:
    """Return a page for every text of docs/."""
    return [guide_page(path) for path in sorted(DOCS.glob("*.md"))]


def guide_page(path: Path) -> Page:
    """Return a text as a page of the site."""
    heading, _, text = path.read_text(encoding="utf-8").partition("\n")
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)\n*|<!--.*?-->\n?", "", text)
    text = re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", lambda found: _linked(found[1], found[2]), text)
    words = re.sub(
        r"<table>.*?</table>", r'<div class="wide" tabindex="0">\g<0></div>', html(text), flags=re.S
    )
    return Page(f"guide_{path.stem}.html", heading.removeprefix("# "), words, [])


def _linked(words: str, target: str) -> str:
    """Return a link that leads to a page of the site or into the network, of any other the words alone."""
    file = target.partition("#")[0]
    if target.startswith("http"):
        return f"[{words}]({target})"
    known = "/" not in file and (DOCS / file).suffix == ".md" and (DOCS / file).is_file()
    return f"[{words}](guide_{Path(file).stem}.html)" if known else words
