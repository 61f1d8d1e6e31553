"""What a column of a report is sorted by: the number that a cell says, whatever unit it says it in.

A page shows "1.6 MB" above "836 KB", and "−0.002" with a real minus sign; neither sorts as text. The number is taken
from the words, so that it can never differ from them.
"""

import re

UNITS = {
    "": 1.0, "%": 1.0, "×": 1.0, "dB": 1.0, "B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "k": 1e3, "M": 1e6, "G": 1e9,
}  # fmt: skip
NUMBER = re.compile(r"[<>]?\s*([-−+]?[\d,]*\.?\d+)\s*(%|×|dB|[KMG]?B|[kMG])?(?=$|\s|\()")
NOTHING = ("", "–", "undefined")
ENDLESS = "equal"  # a ratio of signal to noise where there is no noise


def sort_key(text: str) -> str:
    """Return what a cell is sorted by: a number as plain text, else its words; empty where it says nothing.

    Example:
        >>> sort_key("1.6 MB"), sort_key("−0.002"), sort_key("2,166 of 5,216"), sort_key("int8"), sort_key("–")
        ('1600000', '-0.002', '2166', 'int8', '')
    """
    text = text.strip()
    if text in NOTHING:
        return ""
    if text == ENDLESS:
        return "Infinity"
    found = NUMBER.match(text)
    if found is None:
        return text
    number = float(found[1].replace("−", "-").replace(",", "")) * UNITS[found[2] or ""]
    return f"{number:.12g}"
