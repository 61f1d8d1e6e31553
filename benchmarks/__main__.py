"""Print speed as ratios measured side by side, as a table; write the same as JSON.

Usage: python -m benchmarks [evaluation] [demo] [bootstrap] [--films N] [--rounds N] [--json FILE]
"""

import argparse
import json
from pathlib import Path

from benchmarks import bootstrap_speed, demo_time, evaluation_speed
from radlib.probes import describe_host
from radlib.variants import library_versions

KINDS = ("evaluation", "demo", "bootstrap")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="which; all when none is named")
    parser.add_argument("--films", type=int, default=5000, help="films that the engine evaluates")
    parser.add_argument("--bootstrap-films", type=int, default=22_433, help="films that are drawn from")
    parser.add_argument("--rounds", type=int, default=evaluation_speed.ROUNDS, help="interleaved slices")
    parser.add_argument("--json", type=Path, default=Path("outputs/benchmarks.json"), help="where to write")
    given = parser.parse_args()
    found = {"host": describe_host(), "libraries": library_versions()}
    for kind in given.kinds or KINDS:
        if kind == "evaluation":
            found[kind] = evaluation_speed.measure(given.films, rounds=given.rounds)
            print(evaluation_table(found[kind]))
        elif kind == "bootstrap":
            found[kind] = bootstrap_speed.measure(given.bootstrap_films)
            print(bootstrap_table(found[kind]))
        else:
            found[kind] = demo_time.measure()
            print(demo_table(found[kind]))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=1) + "\n")
    print(f"\n{found['host']}\nWritten to {given.json}.")


def evaluation_table(result: dict) -> str:
    """Return the evaluation's times and ratios as lines of text."""
    lines = [
        f"Evaluation of decoded films, {result['network']} (medians of {result['rounds']} interleaved rounds)",
        f"{'':58}{'films':>7}{'start s':>9}{'ms/film':>9}{'engine is':>14}{'target':>9}",
    ]
    for way, text in evaluation_speed.WAYS.items():
        ratio = result["times_faster"].get(way)
        target = result["targets"].get(way)
        lines.append(
            f"{text:58}{result['films'][way]:>7,}{result['start_seconds'][way]:>9.1f}"
            f"{result['ms_per_film'][way]:>9.2f}"
            + (f"{f'{ratio:.1f}x faster':>14}{f'{target:g}x':>9}" if ratio else "")
        )
    memory = result["memory"]
    peaks = ", ".join(f"{int(n):,} films {peak / 1e6:.0f} MB" for n, peak in memory["peak_bytes"].items())
    lines.append(
        f"Peak memory of the evaluation, workers included: {peaks}; "
        f"{memory['bytes_per_film']:,.0f} bytes per further film of {memory['film_bytes']:,}"
    )
    return "\n".join(lines)


def demo_table(result: dict) -> str:
    """Return the demo's times as lines of text."""
    lines = ["", "The demo, six notebooks"]
    for name, text in (("first_seconds", "from an empty folder"), ("second_seconds", "again, all done")):
        lines.append(f"{text:58}{result[name]:>7.0f} s   target {result['targets'][name]:.0f} s")
    return "\n".join(lines)


def bootstrap_table(result: dict) -> str:
    """Return the bootstrap's time, and how it compares with scikit-learn's, as lines of text."""
    work = " × ".join(f"{result[name]:,} {name}" for name in ("films", "findings", "variants", "draws"))
    return "\n".join(
        [
            "",
            f"Bootstrap over patients, {work}",
            f"{'reading the predictions included':58}{result['seconds']:>7.1f} s   target "
            f"{result['target_seconds']:.0f} s (processor {result['processor_seconds']:.1f} s)",
            f"{'scikit-learn with sample weights, from a sample':58}{result['times_faster']:>7,.0f} times as long; "
            f"largest difference of {result['checked']} draws {result['largest_difference']:.1e}",
        ]
    )


if __name__ == "__main__":
    main()
