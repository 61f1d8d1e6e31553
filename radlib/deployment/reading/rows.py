"""An answer as a row of a table and as a line of JSON, and the notice that goes with both."""

import json
import math
from collections.abc import Mapping
from typing import Any

from radlib.deployment.threshold_files import NOTICE


def json_line(row: Mapping[str, Any], *, with_files: bool) -> str:
    """Return a row as one line of JSON: numbers in full, null where there is none, and the notice.

    Args:
        row: See `deciding.Decider.row`.
        with_files: Whether it names the file, which may name a patient.
    """
    plain = {name: _plain(value) for name, value in row.items() if with_files or name != "file"}
    return json.dumps({**plain, "notice": NOTICE}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return None if math.isnan(float(value)) else float(value)
