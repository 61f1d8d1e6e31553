"""Print speed as ratios measured side by side, as a table; write the same as JSON.

Usage: python -m benchmarks [evaluation] [pruning] [demo] [--films N] [--rounds N] [--json FILE]
"""

import argparse
import json
from pathlib import Path

from benchmarks import demo_time, evaluation_speed, pruning_speed
from radlib.probes import describe_host
from radlib.variants import library_versions

KINDS = ("evaluation", "pruning", "demo")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="which; all when none is named")
    parser.add_argument("--films", type=int, default=5000, help="films that the engine evaluates")
    parser.add_argument("--rounds", type=int, default=evaluation_speed.ROUNDS, help="interleaved slices")
    parser.add_argument("--json", type=Path, default=Path("outputs/benchmarks.json"), help="where to write")
    given = parser.parse_args()
    found = {"host": describe_host(), "libraries": library_versions()}
    for kind in given.kinds or KINDS:
        if kind == "evaluation":
            found[kind] = evaluation_speed.measure(given.films, rounds=given.rounds)
            print(evaluation_table(found[kind]))
        elif kind == "pruning":
            found[kind] = pruning_speed.measure(rounds=3 * given.rounds)
            print(pruning_table(found[kind]))
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


def pruning_table(result: dict) -> str:
    """Return the times of whole and pruned networks as lines of text."""
    side, rounds, calls = result["image_size"], result["rounds"], result["calls"]
    lines = [
        "",
        f"Filters removed, LiteRT, XNNPACK, one thread, {side} px ({rounds} interleaved rounds of {calls} calls)",
        f"{'':24}{'':10}{'MACs':>8}{'whole ms':>11}{'pruned ms':>11}{'time':>8}{'target':>9}{'bytes':>8}",
    ]
    for name, found in result["networks"].items():
        for precision, times in found["precisions"].items():
            lines.append(
                f"{name:24}{precision:10}{found['macs_share']:>8.3f}{times['whole_ms']:>11.2f}"
                f"{times['pruned_ms']:>11.2f}{times['ratio']:>8.2f}"
                f"{'≤ ' + format(result['targets'][precision], '.2f'):>9}{times['bytes_share']:>8.2f}"
            )
    return "\n".join(lines)


def demo_table(result: dict) -> str:
    """Return the demo's times as lines of text."""
    lines = ["", "The demo, six notebooks"]
    for name, text in (("first_seconds", "from an empty folder"), ("second_seconds", "again, all done")):
        lines.append(f"{text:58}{result[name]:>7.0f} s   target {result['targets'][name]:.0f} s")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
