"""Plans past one machine, from what one film costs (`unit_costs`): written to docs/scale.md.

    python -m benchmarks.scale_plan            # measures, and writes docs/results/scale.json and docs/scale.md
    python -m benchmarks.scale_plan --again    # writes docs/scale.md from the figures that are there

Every number of the page is measured, or an assumption that the page names as one, or follows from these by the arithmetic below.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from radlib.evaluation.probes import describe_host
from radlib.foundation.storage import write_json, write_text

ROOT = Path(__file__).resolve().parents[1]
FIGURES, PAGE = ROOT / "docs/results/scale.json", ROOT / "docs/scale.md"
BOARD = 6  # times slower than one core here: an assumption, `radlib bench` measures a board
NIGHT_H = 12
ARCHIVE = 1_000_000  # films
EPOCHS = {"student_residual": 40, "resnet18": 30}  # of the study kermany_methods
STUDIES_A_DAY, FILMS_A_STUDY, PEAK_SHARE = 200, 2, 0.2  # of a day's films in its busiest hour
SCREENED_A_YEAR, WORKING_DAYS, WORKING_H, PEAK = 5_000_000, 250, 8, 3  # films; the peak in times of the mean
POLL_S = 1.0  # between two looks of --watch


def archive_rows(costs: Mapping) -> list[tuple[str, float, float]]:
    """Return (work, hours on one node, gigabytes that it leaves) for an archive of a million films."""
    each, sizes, cores = costs["milliseconds"], costs["bytes"], costs["cores"]
    larger = list(costs["copies_seconds"].items())[-1]
    copies_h = larger[1] * (ARCHIVE / int(larger[0])) ** 2 / cores / 3600
    hours = ARCHIVE / 3_600_000
    return [
        (
            "decode to squares of 96 px",
            each["decode, 1,024 px"] / cores * hours,
            ARCHIVE * sizes["square, 96 px"] / 1e9,
        ),
        ("search for copies, if it grows with the square", copies_h, 0.0),
        *(
            (f"train {name}, {epochs} epochs", epochs * each[f"train, {name}"] * hours, 0.0)
            for name, epochs in EPOCHS.items()
        ),
        *((f"ask {name} once", each[f"answer, {name}"] / cores * hours, 0.0) for name in EPOCHS),
    ]


def hospital(costs: Mapping) -> dict[str, float]:
    """Return what 200 studies a day mean for one board."""
    each = costs["milliseconds"]
    film_s = BOARD * (each["decode, 3,000 px"] + each["answer, student_residual"]) / 1000
    films = STUDIES_A_DAY * FILMS_A_STUDY
    full = POLL_S / (BOARD * each["look of --watch"] / 1000)
    return {
        "film_s": film_s,
        "busy_share": films * film_s / 86_400,
        "busiest_hour_share": PEAK_SHARE * films * film_s / 3600,
        "gigabytes_a_day": films * costs["bytes"]["file, 3,000 px"] / 1e9,
        "films_until_a_look_takes_a_second": full,
        "days_until_then": full / films,
    }


def screening(costs: Mapping) -> dict[str, float]:
    """Return what a national programme means: for one place where all films are read, and for boards where they are taken."""
    each = costs["milliseconds"]
    peak = PEAK * SCREENED_A_YEAR / (WORKING_DAYS * WORKING_H * 3600)
    core_s = (each["decode, 3,000 px"] + each["answer, student_residual"]) / 1000
    return {
        "films_a_second": peak,
        "cores": peak * core_s,
        "cores_large": peak * (each["decode, 3,000 px"] + each["answer, resnet18"]) / 1000,
        "megabits_a_second": peak * costs["bytes"]["file, 3,000 px"] * 8 / 1e6,
        "terabytes_a_year": SCREENED_A_YEAR * costs["bytes"]["file, 3,000 px"] / 1e12,
        "boards": peak * core_s * BOARD,
    }


def page(costs: Mapping, host: str) -> str:
    """Return the page."""
    from benchmarks.unit_costs import rows

    archive, ward, nation = archive_rows(costs), hospital(costs), screening(costs)
    dearest = max(archive, key=lambda row: row[1])
    copies_h = 100 * next(hours for what, hours, _ in archive if "copies" in what)
    square_gb = ARCHIVE * costs["bytes"]["square, 224 px"] / 1e9
    return f"""\
# Past one machine

Written by `python -m benchmarks.scale_plan` from what one film costs, measured on {
        host
    }. Nothing here was run at
such a size; it says where the time and the bytes would go, and what would break first. Assumptions are in *italics*.

## What one film costs

{_table(("Station, one core but for training", "Cost"), list(rows(costs)))}

## One million films: an archive

*Films of 1,024 pixels; nodes of {
        costs["cores"]
    } cores like this one.* The first work is done once; all else once for each network and seed.

{
        _table(
            ("Work", "Hours on one node", f"Nodes for one night ({NIGHT_H} h)", "GB left"),
            [
                (
                    what,
                    f"{hours:,.1f}",
                    f"{max(1, -(-hours // NIGHT_H)):,.0f}",
                    f"{size:,.0f}" if size else "",
                )
                for what, hours, size in archive
            ],
        )
    }

- **Where the time goes**: to *{dearest[0]}*, {
        dearest[1]:,.0f} hours. One training does not spread over nodes here (`replicas` spreads it over
  the devices of one machine); three seeds and several networks do, by `radlib grid --profile`.
- **What breaks first** as it grows: the search for copies, whose work grows with the square of the films, {
        copies_h:,.0f} hours for ten
  millions; next the memory: squares of 224 px are {
        square_gb:,.0f} GB, and an epoch in random order then waits for the disk, while those of
  96 px fit into the memory of a small server.
- **What a node needs**: 4 GB for a training, its share of the store on a local disk, the one shared folder that `radlib grid` writes to.

## {STUDIES_A_DAY} studies a day: a hospital

*{FILMS_A_STUDY} films a study of 3,000 pixels, raw; a fifth of the day's films in its busiest hour; a board {
        BOARD
    } times slower than one core here
(an assumption: `radlib bench` measures yours).*

- A film takes {ward["film_s"]:.2f} s, nearly all of it decoding; the board is busy {
        100 * ward["busy_share"]:.1f} % of the day and
  {100 * ward["busiest_hour_share"]:.0f} % of the busiest hour. {
        ward["gigabytes_a_day"]:.0f} GB of films a day come in and must go out again.
- **What breaks first**: a folder that nobody empties. `--watch` looks at every file of it each {
        POLL_S:.0f} s; after
  {ward["films_until_a_look_takes_a_second"]:,.0f} films, {
        ward[
            "days_until_then"
        ]:.0f} days, a look takes as long as the pause between two. Have the films moved on, by day.
- **What a node needs**: any board with 1 GB of memory, and a disk for some days of films.

## A national screening programme

*{SCREENED_A_YEAR:,} films a year of 3,000 pixels, on {WORKING_DAYS} days of {WORKING_H} hours, {
        PEAK
    } times the mean at the peak.*

- **All read in one place**: {nation["films_a_second"]:.1f} films a second at the peak need {
        nation["cores"]:.1f} cores with the student and
  {nation["cores_large"]:.1f} with ResNet-18; but {
        nation["megabits_a_second"]:,.0f} megabits a second have to arrive, and
  {
        nation[
            "terabytes_a_year"
        ]:,.0f} TB a year to be kept. **What breaks first** is the line, not the processor.
- **Read where they are taken**: {
        max(
            1, nation["boards"]
        ):.0f} boards could do it if films came evenly; each site needs one of its own anyway, and nothing leaves it but
  answers. What is hard then is not time: one version everywhere (the digest in every report tells which), thresholds kept for each site,
  and a check that films still look like those that the network was examined on (`radlib predict` on a folder tells).
"""


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale_plan", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--again", action="store_true", help="take the figures that are there")
    if not parser.parse_args().again:
        from benchmarks import unit_costs

        write_json(FIGURES, {"host": describe_host(), "costs": unit_costs.measure()})
    stored = json.loads(FIGURES.read_text(encoding="utf-8"))
    write_text(PAGE, page(stored["costs"], stored["host"]))


if __name__ == "__main__":
    main()
