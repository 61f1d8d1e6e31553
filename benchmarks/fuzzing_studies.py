"""Damaged and hostile studies by the thousand: each is read and checked, or refused in one sentence, at once.

The committed studies are changed in their bytes, keys, values, nesting, aliases and paths, then loaded and checked as far
as `radlib run` does before it writes anything. Nothing may be written, nothing may end in anything but a sentence of
radlib's own, and nothing may take seconds. Which study gets which change follows from the seed alone.
"""

import contextlib
import io
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import yaml
from tqdm import tqdm

from radlib.cli.series.plan import check_settings, foreign_notebooks, notebook_files
from radlib.foundation.errors import RadlibError
from radlib.runs.runs import planned_run
from radlib.runs.studies import load_study, notebooks_folder

TARGETS = {"raw_exceptions": 0, "long_sentences": 0, "written": 0, "longest_s": 2.0}
LONGEST_SENTENCE = 3000  # characters; the list of all names is long
WEIGHTS = (  # that the studies name; only their names are looked at
    "mobilenet_v2_alpha0.35_notop.h5", "brucechou1983_CheXNet_Keras_0.3.0_weights.h5",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1, 2**70, 1e308, float("nan"), float("inf"), 1e-9, "", " ", "x" * 5000, "no", "~", "../../x",
    "/etc/passwd", "C:\\x", "\0", "\x1b[2J", "\u202e", "a/b", ".", "..", "~root/x", "null", "=1+1", "{", "[", "&a", "*a", "!!int x",
    [], {}, [[]], [None], {"": ""}, {"a": {"a": {"a": []}}}, [3], ["abc"], ["int8", "int9"], "int8+" * 300, "2026-01-31", b"\xff",
    "magnitude_pruning(final_sparsity=1.5)", "svd(" * 40, {"patients": 10**9}, ["../evil.ipynb"], "__import__('os')", "%s%n", "${HOME}",
)  # fmt: skip
BOMBS = (
    "a: &a [*a]", "a: &a {b: *a}", "a0: &a0 [1,1,1,1,1,1,1,1,1]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
    "[" * 400, "- " * 400, "{a: " * 400, "? " * 400, "!!python/object/apply:os.mkdir ['canary']", "%TAG ! x\n---\n", "<<: *x", "--- \n---\n", "\t",
    "&a " * 50, "'", '"\\', "|9\n", "!<" + "x" * 300,
)  # fmt: skip


def measure(studies: int = 10_000, *, seed: int = 0) -> dict:
    """Load and check changed studies and count what becomes of them.

    Returns:
        How many were given, accepted and refused; raw exceptions by kind with an example of each; sentences that are
        not one line of bounded length; files that appeared; and the longest time that one took, seconds.
    """
    generator = np.random.default_rng(seed)
    sound = [
        path.read_text(encoding="utf-8") for path in sorted((notebooks_folder() / "studies").glob("*.yaml"))
    ]
    outcomes: Counter[str] = Counter()
    raw: dict[str, str] = {}
    longest, begun, here = 0.0, time.perf_counter(), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="radlib-fuzz-") as name, contextlib.chdir(name):
        path = Path("study.yaml")
        (Path("films") / "a").mkdir(parents=True)
        for weights in WEIGHTS:
            Path(weights).touch()
        there = set(Path().rglob("*"))
        for number in tqdm(range(studies), "Damaging studies", disable=None, delay=5):
            path.write_bytes(changed(sound[number % len(sound)], generator))
            started = time.process_time()  # of this process alone: the machine may be busy
            outcome = _outcome(path)
            longest = max(longest, time.process_time() - started)
            outcomes[outcome.partition(":")[0]] += 1
            if outcome.startswith("raw"):
                raw.setdefault(outcome, path.read_bytes()[:2000].decode("utf-8", "replace"))
        written = {*Path().rglob("*")} - {*there, path}
        os.chdir(here)
    return {
        "studies": studies,
        "accepted": outcomes["accepted"],
        "refused": outcomes["refused"],
        "raw_exceptions": outcomes["raw"],
        "raw": raw,
        "long_sentences": outcomes["long"],
        "written": len(written),
        "longest_s": longest,
        "seconds": time.perf_counter() - begun,
        "targets": TARGETS,
    }


def _outcome(path: Path) -> str:
    """Return `accepted`, `refused`, `long` (a refusal that is no short line) or `raw: kind` for one study."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            study = load_study(str(path))
            foreign_notebooks(study, notebook_files(study))
            run = planned_run("out", study=str(path), data="films")
            check_settings(run.networks())
    except RadlibError as error:
        return "refused" if len(str(error)) <= LONGEST_SENTENCE and "\n" not in str(error) else "long"
    except Exception as error:
        return f"raw: {type(error).__name__} {' '.join(str(error).split())[:120]}"
    return "accepted"


def changed(text: str, generator: np.random.Generator) -> bytes:
    """Change a study in one of six ways, or in several."""
    for _ in range(int(generator.integers(1, 4))):
        match int(generator.integers(6)):
            case 0 | 1:
                text = _with_other_value(text, generator)
            case 2:
                text = _damaged(text, generator)
            case 3:
                bomb = BOMBS[int(generator.integers(len(BOMBS)))]
                place = int(generator.integers(len(text) + 1))
                text = (
                    f"{text}\n{bomb}" if generator.random() < 0.5 else f"{text[:place]}{bomb}{text[place:]}"
                )
            case 4:
                lines = text.splitlines()
                first, second = generator.integers(len(lines) or 1, size=2) if lines else (0, 0)
                lines[first : first + 1] = [lines[second], *lines[first : first + 1]] if lines else []
                text = "\n".join(lines)
            case 5:
                text = text.replace(
                    *[("{", "["), ("- ", "-"), (": ", ":"), ("#", ""), ("  ", "\t"), ("1", "1" * 40)][
                        int(generator.integers(6))
                    ]
                )
    content = text.encode("utf-8", "surrogatepass")
    return content if generator.random() < 0.9 else content + bytes(generator.integers(256, size=5).tolist())


def _with_other_value(text: str, generator: np.random.Generator) -> str:
    """Put a hostile value, or a key, in place of one of a study's, anywhere in its tree."""
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError, AttributeError):
        return text
    node = tree
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[int(generator.integers(len(keys)))]
        if not isinstance(node[key], dict | list) or not node[key] or generator.random() < 0.3:
            value = VALUES[int(generator.integers(len(VALUES)))]
            if isinstance(node, dict) and generator.random() < 0.3:
                with contextlib.suppress(TypeError):  # a list is no key
                    node[value] = node.pop(key)
            else:
                node[key] = value
            break
        node = node[key]
    try:
        return yaml.safe_dump(tree, allow_unicode=True)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return text


def _damaged(text: str, generator: np.random.Generator) -> str:
    """Flip, cut, repeat or swap a few characters."""
    place, length = int(generator.integers(len(text) + 1)), int(generator.integers(1, 20))
    sign = "".join(chr(int(c)) for c in generator.integers(1, 0x250, size=int(generator.integers(1, 4))))
    return [
        text[:place] + sign + text[place + 1 :],
        text[:place],
        text[:place] + text[place : place + length] * 3 + text[place:],
        text[:place] + text[place + length :],
    ][int(generator.integers(4))]


def table(result: dict) -> str:
    """Return the counts as lines of text."""
    lines = [
        f"{result['studies']:,} damaged studies, in {result['seconds']:.0f} s",
        f"  accepted {result['accepted']:,}, refused in a sentence {result['refused']:,}",
    ]
    for name, text in (
        ("raw_exceptions", "raw exceptions"), ("long_sentences", "sentences of several lines or too long"),
        ("written", "files written"), ("longest_s", "longest time for one, s"),
    ):  # fmt: skip
        goal = f"target {'at most ' if result['targets'][name] else ''}{result['targets'][name]:g}"
        lines.append(f"  {text:56}{result[name]:>9.3g}   {goal}")
    return "\n".join([*lines, *(f"  {kind}" for kind in result["raw"])])
