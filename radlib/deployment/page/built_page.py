"""The page as it was built: where it lies in an installed wheel, and where in a checkout.

A wheel holds it, so that its user needs no Node. A checkout holds its source, `page/`, and what `make page` built of it.
"""

from pathlib import Path

from radlib.foundation.errors import SetupError

INSIDE = Path(__file__).with_name("built")  # in a wheel
CHECKOUT = Path(__file__).parents[3] / "page" / "dist"
START, WORKER = "index.html", "service-worker.js"


def built_page() -> Path:
    """Return the folder of the built page.

    Raises:
        SetupError: When this installation has none: one from a checkout without Node.
    """
    for place in (INSIDE, CHECKOUT):
        if (place / START).is_file() and (place / WORKER).is_file():
            return place
    raise SetupError(
        "This installation came without the built page. Install radlib from its wheel, or in a checkout run make page, "
        "which needs Node 20 and npm."
    )
