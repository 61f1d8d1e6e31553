"""Print speed as ratios measured side by side, as a table; write the same as JSON.

Usage: python -m benchmarks [evaluation] [pruning] [decoding] [stream] [training] [training_speed] [bootstrap]
    [copies] [report] [binary] [miracle] [recipes] [quantizers] [small_sets] [base_install] [evidence] [redraws] [demo] [fuzz] [fuzz_...]
    [--films N] [--rounds N] [--run RUN] [--json FILE]

Without a name all run, except the long fuzzing, `evidence`, which simulates for minutes, `redraws`, which asks a finished run (`--run`), `small_sets` and `quantizers`, which need films that lie beside the checkout, and
`base_install`, which needs a package index.
`--films` stands for the number that each is worth running with.
"""

import argparse
import json
from pathlib import Path

from benchmarks import (
    base_install,
    binary_convolution,
    bootstrap_speed,
    copies_speed,
    decoding_speed,
    demo_time,
    evaluation_speed,
    evidence,
    evidence_redraws,
    fuzzing,
    fuzzing_folders,
    fuzzing_models,
    fuzzing_studies,
    fuzzing_tables,
    miracle_time,
    predict_start,
    pruning_speed,
    quantizer_recipes,
    quantizers,
    refusals,
    report_speed,
    small_sets,
    streaming,
    training_speed,
)
from radlib.evaluation.probes import describe_host
from radlib.runs.variants import library_versions

FILMS = {
    "evaluation": 5000,
    "pruning": 0,
    "decoding": 400,
    "stream": 26_000,
    "training": 2000,
    "training_speed": 0,
    "bootstrap": 22_433,
    "copies": 112_120,
    "report": 25_000,
    "binary": 0,
    "miracle": 0,
    "recipes": 0,
    "quantizers": 624,
    "small_sets": 0,
    "predict_start": 0,
    "fuzz": 200_000,
    "fuzz_models": 10_000,
    "fuzz_folders": 10_000,
    "fuzz_tables": 10_000,
    "fuzz_studies": 10_000,
    "refusals": 0,
    "evidence": 1000,
    "redraws": 150,
    "base_install": 0,
    "demo": 0,
}
KINDS = tuple(FILMS)
FUZZERS = {
    "fuzz": fuzzing,
    "fuzz_models": fuzzing_models,
    "fuzz_folders": fuzzing_folders,
    "fuzz_tables": fuzzing_tables,
    "fuzz_studies": fuzzing_studies,
}
RUN_UNASKED = (
    "evaluation", "pruning", "decoding", "stream", "training", "training_speed", "bootstrap", "copies", "report", "binary", "miracle",
    "recipes", "predict_start", "refusals", "demo",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument(
        "kinds",
        nargs="*",
        choices=[*KINDS, []],
        help="which; all but fuzzing, small_sets, quantizers, evidence, redraws and base_install when none is named",
    )
    sizes = ", ".join(f"{kind} {films:,}" for kind, films in FILMS.items() if films)
    parser.add_argument("--films", type=int, help=f"how many, instead of {sizes}")
    parser.add_argument("--rounds", type=int, default=evaluation_speed.ROUNDS, help="interleaved slices")
    parser.add_argument("--run", type=Path, help="folder of the finished run that `redraws` asks")
    parser.add_argument("--json", type=Path, default=Path("outputs/benchmarks.json"), help="where to write")
    given = parser.parse_args()
    if "redraws" in given.kinds and given.run is None:
        parser.error("redraws asks a finished run: name its folder with --run")
    found = {"host": describe_host(), "libraries": library_versions()}
    for kind in given.kinds or RUN_UNASKED:
        found[kind], table = measured(kind, given.films or FILMS[kind], given.rounds, given.run)
        print(f"{table}\n")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{found['host']}\nWritten to {given.json}.")


def measured(kind: str, films: int, rounds: int, run: Path | None = None) -> tuple[dict, str]:
    """Return what one benchmark found, and the same as lines of text."""
    if kind in FUZZERS:
        result = FUZZERS[kind].measure(films)
        return result, FUZZERS[kind].table(result)
    match kind:
        case "evaluation":
            result = evaluation_speed.measure(films, rounds=rounds)
            return result, evaluation_table(result)
        case "pruning":
            result = pruning_speed.measure(rounds=3 * rounds)
            return result, pruning_table(result)
        case "decoding":
            result = decoding_speed.measure(films, rounds=rounds)
            return result, decoding_speed.table(result)
        case "stream":
            result = streaming.measure_memory(films)
            return result, streaming.memory_table(result)
        case "training":
            result = streaming.measure_training(films)
            return result, streaming.training_table(result)
        case "training_speed":
            result = training_speed.measure(rounds)
            return result, training_speed.table(result)
        case "bootstrap":
            result = bootstrap_speed.measure(films)
            return result, bootstrap_table(result)
        case "copies":
            result = copies_speed.measure(films)
            return result, copies_speed.table(result)
        case "report":
            result = report_speed.measure(films)
            return result, report_speed.table(result)
        case "binary":
            result = binary_convolution.measure(rounds=3 * rounds)
            return result, binary_convolution.table(result)
        case "miracle":
            result = miracle_time.measure()
            return result, miracle_time.table(result)
        case "recipes":
            result = quantizer_recipes.measure()
            return result, quantizer_recipes.table(result)
        case "quantizers":
            result = quantizers.measure(films)
            return result, quantizers.table(result)
        case "small_sets":
            result = small_sets.measure()
            return result, small_sets.table(result)
        case "predict_start":
            result = predict_start.measure(rounds)
            return result, predict_start.table(result)
        case "refusals":
            result = refusals.measure(rounds=rounds)
            return result, refusals.table(result)
        case "evidence":
            result = evidence.measure(films)
            return result, evidence.table(result)
        case "redraws":
            result = evidence_redraws.measure(films, run)
            return result, evidence_redraws.table(result)
        case "base_install":
            result = base_install.measure()
            return result, base_install.table(result)
    result = demo_time.measure()
    return result, demo_table(result)


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
    lines = ["The demo, six notebooks"]
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
