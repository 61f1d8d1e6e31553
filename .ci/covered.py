"""Say how much of radlib the last tests reached, least reached files first; end with 1 when that is too little.

`.ci/test.sh` writes `.coverage` by slipcover. `.ci/covered.py files` has every file, with the lines never reached.
"""

import json
import sys
from pathlib import Path

LEAST_PERCENT = 90  # of lines and branches together
MEASURED = Path(__file__).resolve().parent.parent / ".coverage"


def main(every_file: bool) -> int:
    """Print the share; return the exit code."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    if every_file:
        for name, file in sorted(measured["files"].items(), key=lambda f: f[1]["summary"]["percent_covered"]):
            print(f"{file['summary']['percent_covered']:5.1f} %  {name}  {file['missing_lines']}")
    percent = measured["summary"]["percent_covered"]
    print(f"The tests reach {percent:.1f} % of the lines and branches of radlib.")
    if percent < LEAST_PERCENT:
        print(f"That is less than {LEAST_PERCENT} %.", file=sys.stderr)
    return int(percent < LEAST_PERCENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] == ["files"]))
