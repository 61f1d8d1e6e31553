"""Plant a seeded random sample of mutmut's faults and say which share the tests notice, in the metrics and the coders.

    .ci/mutation_sample.py NUMBER [SEED] [PART]

All faults take hours; a sample of 200 has an interval of about ten points. Those that no test noticed are listed:
`.venv/bin/mutmut show NAME` prints one.
"""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.stats import status_by_exit_code

from radlib.metrics import wilson_interval

MUTANTS = Path("mutants")
METRICS = "radlib.metrics."
PARTS = {
    "metrics": lambda name: name.startswith(METRICS),
    "coders": lambda name: not name.startswith(METRICS),
}
LEFT_OUT = (
    "skipped",
    "not checked",
    "timeout",
)  # say nothing: mutmut forks, and a fork of TensorFlow may hang


def main(number: int, seed: int, part: str) -> None:
    """Draw, run and report."""
    generate()
    drawn = {name: sorted(draw(list(faults()), number, seed, name)) for name in PARTS if part in ("", name)}
    command = [str(Path(sys.executable).with_name("mutmut")), "run"]
    subprocess.run([*command, *(fault for some in drawn.values() for fault in some)], check=False)
    found = dict(faults())
    for name, some in drawn.items():
        print(sentence(name, {fault: status_by_exit_code[found[fault]] for fault in some}))


def generate() -> None:
    """Write the code with all faults into the folder `mutants`, as the first step of `mutmut run` does."""
    mutmut.set_mutant_under_test("mutant_generation")
    MUTANTS.mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(2)


def faults() -> Iterator[tuple[str, int | None]]:
    """Yield each fault's name and how its tests ended, None before they ran."""
    for path in sorted(MUTANTS.rglob("*.meta")):
        yield from json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items()


def draw(all_faults: list[tuple[str, int | None]], number: int, seed: int, part: str) -> list[str]:
    """Return that many faults of a part, or all where it has fewer."""
    names = sorted(name for name, _ in all_faults if PARTS[part](name))
    return random.Random(seed).sample(names, min(number, len(names)))


def sentence(part: str, ended: dict[str, str]) -> str:
    """Return the share that was noticed with its 95 % interval by Wilson, and a line for each that was not."""
    counted = {fault: status for fault, status in ended.items() if status not in LEFT_OUT}
    missed = {fault: status for fault, status in counted.items() if status in ("survived", "no tests")}
    noticed, late = len(counted) - len(missed), sum(status == "timeout" for status in ended.values())
    if not counted:
        return f"{part}: no fault was tried to the end; {late} ran out of time"
    low, high = wilson_interval(noticed, len(counted))
    share = f"{noticed} of {len(counted)} noticed ({noticed / len(counted):.0%}, {low:.0%} to {high:.0%})"
    share += f"; {late} more ran out of time and do not count" if late else ""
    return "\n".join([f"{part}: {share}", *(f"  {status}: {fault}" for fault, status in missed.items())])


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    main(int(given.get(0, "200")), int(given.get(1, "0")), given.get(2, ""))
