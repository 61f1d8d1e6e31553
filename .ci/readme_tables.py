"""Write the generated parts of README.md and of the pages in docs/: what stands between `<!-- name -->` and `<!-- /name -->`.

No number in them is typed by hand: they come from the published results and from the registries. A test holds the
pages equal to what this makes.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

import notebook_pictures
import readme_findings
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES
from radlib.report.wording import CONCLUSIONS, MISSING, known, rate, signed, signed_span, span
from radlib.runs.counted import ALIKE, PATIENTS, SINGLE, told
from radlib.runs.studies import Study, load_study

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "docs" / "results"
MAIN = ("kermany_methods", "pneumoniamnist")  # told with the best under each size; the first has the picture
IN_FULL = ("demo",)
WIDTHS = ("width", "alpha")  # options that make another network of one name
# What a report says it counted; where each film stands for itself it says no more than the films.
COUNTED = re.compile(r"\d test films of [\d,]+ (patients|groups of like films)")
PAGES = ("README.md", "docs/results.md", "docs/techniques.md", "docs/notebooks.md")
ASKED = re.compile(r"^\| \[(\w+)\]\(\w+\.ipynb\) \| (.+?) \|$", re.M)  # of notebooks/README.md


def generated() -> dict[str, str]:
    """Return the text of every generated part, by name."""
    main = RESULTS / published()[0]
    return {
        "picture": readme_findings.picture(main),
        "findings": readme_findings.findings(main, load_study(main.name).network_settings()[0].margin),
        "notebooks": notebooks(),
        "summary": readme_findings.summary([RESULTS / name for name in (*published(), *published("dice"))]),
        "results": results(),
        "times": times(),
        "techniques": registry_table(TECHNIQUES),
        "datasets": registry_table(DATASETS),
        "architectures": ", ".join(f"`{name}`" for name in ARCHITECTURES.names()),
    }


def published(measure: str = "auroc") -> list[str]:
    """Return the studies with published results that are measured so, `dice` of outlines: real films first, the demo last."""
    tables = sorted(RESULTS.glob("*/results.csv"))
    names = [path.parent.name for path in tables if measure in pd.read_csv(path, nrows=0)]
    return sorted(names, key=lambda name: (name == "demo", name != MAIN[0], name))


def notebooks() -> str:
    """Return the table of all notebooks with what each asks, as their own page says it, and its picture."""
    text = (REPOSITORY / "notebooks" / "README.md").read_text(encoding="utf-8")
    folder = REPOSITORY / "notebooks"
    rows = [
        f"| [{name}](notebooks/{name}.ipynb) | {asks} | {notebook_pictures.cell_of_table(folder / f'{name}.ipynb')} |"
        for name, asks in ASKED.findall(text)
    ]
    return "\n".join(["| notebook | asks | shows |", "|---|---|---|", *rows])


def times() -> str:
    """Return the minutes and the memory of the published demo's notebooks, and the minutes of those on methods."""
    rows = ["| notebook | minutes | memory, MB |", "|---|---:|---:|"]
    for row in pd.read_csv(RESULTS / "demo" / "times.csv").to_dict("records"):
        name = str(row["report"])
        rows.append(
            f"| [{name.removesuffix('.ipynb')}](../notebooks/{name}) | {row['seconds'] / 60:.1f} | {row['peak_memory_bytes'] / 1e6:,.0f} |"
        )
    for row in pd.read_csv(RESULTS.parent / "notebook_times.csv").to_dict("records"):
        name = str(row["notebook"])
        rows.append(f"| [{name.removesuffix('.ipynb')}](../notebooks/{name}) | {row['seconds'] / 60:.1f} | |")
    return "\n".join(rows)


EARLIER = "smallest_shown"  # a column that tables had before verdicts counted a patient who was not seen


def results() -> str:
    """Return the best of the main studies under each limit of size, one table of all others, and the demo in full."""
    others = [name for name in published() if name not in (*MAIN, *IN_FULL)]
    earlier = "Results of earlier recipes and rules lie in [docs/results/archive](results/archive/README.md)."
    outlines = map(outlines_table, published("dice"))
    return "\n\n".join(
        [*map(limits_table, MAIN), others_table(others), *outlines, earlier, *map(study_table, IN_FULL)]
    )


def outlines_table(name: str) -> str:
    """Return every file of a study of outlines: how it outlines the test films on the mean, and at worst but for one in twenty."""
    study = load_study(name)
    table = pd.read_csv(RESULTS / name / "results.csv")
    rows = [
        "| variant | file, KB | smaller | Dice | of the worst twentieth | Dice − original | beside its original |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for row in table.to_dict("records"):
        size, smaller, dice, difference, verdict, _ = judged(row, "dice").split(" | ")
        worst = f"{rate(row['failing_dice'])} ({span(row['failing_dice_low'], row['failing_dice_high'])})"
        chosen = ", chosen" if row["winner"] else ""
        cells = (
            f"{built(study, row['network'])}: {row['label']}{chosen}",
            size,
            smaller,
            dice,
            worst,
            difference,
            verdict,
        )
        rows.append(f"| {' | '.join(cells)} |")
    foot = (
        f"{int(table['films'].max())} test films; in parentheses 95 % intervals over patients. Dice: twice what two outlines have in common, "
        "over the sum of both; of the worst twentieth: what one film in twenty stays below."
    )
    return "\n".join([heading(study, name), "", *rows, "", counted_words(name, foot)])


def limits_table(name: str) -> str:
    """Return the originals of a study, of all its variants the best reader under each limit of size, and the winner."""
    study, folder = load_study(name), RESULTS / name
    table = pd.read_csv(folder / "results.csv").set_index("variant", drop=False)
    limits = readme_findings.limits_of(folder)
    first = table["seed"] == table["seed"].min()
    originals = table[(table["label"] == "original") & first].sort_values("size_bytes", ascending=False)
    picked = [("original", row) for row in originals.to_dict("records")]
    for winner in dict.fromkeys(limit["winner"] for limit in limits if limit["winner"]):
        sizes = [limit["size_kb"] for limit in limits if limit["winner"] == winner]
        bounds = " to ".join(f"{size:,g}" for size in sorted({min(sizes), max(sizes)}))
        picked.append((f"best under {bounds} KB", table.loc[winner]))
    picked += [("smallest within the margin", row) for row in table[table["winner"]].to_dict("records")]
    rows = [
        "| chosen as | variant | seed | file, KB | smaller | AUROC | AUROC − original | beside its original | latency, ms |",
        "|---|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    rows += [
        f"| {chosen} | {built(study, row['network'])}: {row['label']} | {row['seed']} | {judged(row)}"
        for chosen, row in picked
    ]
    settings = study.network_settings()[0]
    foot = (
        f"Chosen on validation films among {table['auroc'].notna().sum()} variants, and then scored on "
        f"{int(table['films'].max())} test films. In parentheses 95 % intervals over patients; smaller: than the float32 "
        f"weights of the network that the variant was made from; beside its original: as good where a loss of {settings.margin:g} AUROC "
        f"and one of {settings.rate_margin:g} sensitivity are excluded, adjusted over all variants, and none of specificity is shown."
    )
    if EARLIER in table:
        foot += (
            " Judged by the rules of an earlier version, which counted no patient who was not seen and chose by the loss that "
            "was seen; to be published again."
        )
    return "\n".join([heading(study, name), "", *rows, "", counted_words(name, foot)])


def counted_words(name: str, text: str) -> str:
    """Return a sentence about patients with what a study's published report says that it counted in their place."""
    report = (RESULTS / name / "report.md").read_text(encoding="utf-8")
    said = COUNTED.search(report)
    kinds = {kind.several: kind for kind in (PATIENTS, ALIKE, SINGLE)}
    return told(text, kinds[said[1]] if said else SINGLE)


def judged(row: Mapping[str, Any], measure: str = "auroc") -> str:
    """Return the cells of a variant beside its original: size, measure, difference, what all verdicts come to, latency."""
    difference = MISSING
    if known(row["difference"]):
        difference = (
            f"{signed(row['difference'])} ({signed_span(row['difference_low'], row['difference_high'])})"
        )
    verdict = CONCLUSIONS.get(row.get("conclusion"), MISSING)
    latency = f"{row['latency_p50_ms']:.2f}" if known(row["latency_p50_ms"]) else MISSING
    return (
        f"{row['size_bytes'] / 1000:,.0f} | {row['compression']:.1f} × | "
        f"{rate(row[measure])} ({span(row[f'{measure}_low'], row[f'{measure}_high'])}) | {difference} | {verdict} | {latency} |"
    )


def others_table(names: Sequence[str]) -> str:
    """Return one table of several studies: of each network the original, and the variant that was chosen."""
    rows = [
        "**Other studies**, each with all its variants in its report:",
        "",
        "| study | network | variant | file, KB | AUROC | accuracy |",
        "|---|---|---|---:|---:|---:|",
    ]
    for name in names:
        study = load_study(name)
        title = f"[{study.title}](results/{name}/report.md)"
        table = pd.read_csv(RESULTS / name / "results.csv")
        originals = (table["label"] == "original") & (table["seed"] == table["seed"].min())
        for row in table[originals | table["winner"]].to_dict("records"):
            mark = "**" if row["winner"] else ""
            quality = " | ".join(
                f"{rate(row[m])} ({span(row[f'{m}_low'], row[f'{m}_high'])})" for m in ("auroc", "accuracy")
            )
            rows.append(
                f"| {title} | {built(study, row['network'])} | {mark}{row['label']}{mark} | {row['size_bytes'] / 1000:,.0f} | {quality} |"
            )
            title = ""
    return "\n".join(rows)


def study_table(name: str) -> str:
    """Return the results of one study: quality with intervals, size, latency; and how they were made."""
    study, table = load_study(name), pd.read_csv(RESULTS / name / "results.csv")
    several = table["network"].nunique() > 1 or table["seed"].nunique() > 1
    rows = [
        "| variant | file, KB | smaller | AUROC | accuracy | sensitivity | specificity | latency, ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in table.to_dict("records"):
        label = f"{row['network']} #{row['seed']}: {row['label']}" if several else row["label"]
        mark = "**" if row["winner"] else ""
        rows.append(f"| {mark}{label}{mark} | {scores(row)}")
    films = f"{int(table['films'].max())} test films"
    foot = (
        f"{films}, seeds {', '.join(str(s) for s in sorted(table['seed'].unique()))}; bold: chosen on validation films. "
        "In parentheses 95 % intervals over patients."
    )
    return "\n".join([heading(study, name), "", *rows, "", counted_words(name, foot)])


def built(study: Study, network: str) -> str:
    """Return a network's name with what one name can mean several of: its width, and the side of its films."""
    for settings in study.network_settings():
        if network == settings.architecture + (f"@{settings.tag}" if settings.tag else ""):
            options = [
                f"{name} {value:g}" for name, value in settings.architecture_options.items() if name in WIDTHS
            ]
            return f"{network} ({', '.join([*options, f'{settings.image_size} px'])})"
    return network


def heading(study: Study, name: str) -> str:
    """Return the title of a study, with the way to its report, and its notes."""
    return f"**{study.title}** ([report](results/{name}/report.md)). {' '.join(study.notes.split())}"


def scores(row: Mapping[str, Any]) -> str:
    """Return the cells of one variant: size, quality with intervals, latency."""
    auroc, accuracy = (
        f"{rate(row[m])} ({span(row[f'{m}_low'], row[f'{m}_high'])})" for m in ("auroc", "accuracy")
    )
    latency = f"{row['latency_p50_ms']:.2f}" if known(row["latency_p50_ms"]) else MISSING
    return (
        f"{row['size_bytes'] / 1000:,.0f} | {row['compression']:.1f} × | {auroc} | {accuracy} | "
        f"{rate(row['sensitivity'])} | {rate(row['specificity'])} | {latency} |"
    )


def registry_table(registry: object) -> str:
    """Return names, what they do, and their parameters with defaults."""
    rows = ["| name | what it does | parameters |", "|---|---|---|"]
    for entry in registry:
        parameters = ", ".join(f"`{p.name}={p.default}`" for p in entry.parameters) or MISSING
        rows.append(f"| `{entry.name}` | {entry.summary} | {parameters} |")
    return "\n".join(rows)


def fill(text: str, parts: Mapping[str, str] | None = None) -> str:
    """Return a page with its generated parts made anew."""
    for name, part in (parts or generated()).items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(marks, lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text, flags=re.S)
    return text


if __name__ == "__main__":
    made = generated()
    for page in PAGES:
        path = REPOSITORY / page
        path.write_text(fill(path.read_text(encoding="utf-8"), made), encoding="utf-8")
