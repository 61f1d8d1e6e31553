"""What was asked of a run and does not suit its network: the reason is kept, and the run goes on.

A study applies the same chains to all of its networks, and some network refuses one: its layers are of a kind that a
technique does not know, its file is quantized already, a budget lies below what it can give. That is a result, like a
size or a score. It is found while the technique works, so it costs what the work cost; hence it is stored with the
specification that decided it, and not tried again before the specification or a library is another.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.foundation.errors import NotApplicable
from radlib.foundation.extras import pandas as pd
from radlib.foundation.storage import spec_digest, write_json
from radlib.runs.chains import canonical_chain, parse_chain
from radlib.runs.runs import Run
from radlib.runs.variants import library_versions, variant_key

FOLDER = "refusals"
COLUMNS = ("variant", "network", "seed", "chain", "technique", "reason")


@dataclasses.dataclass(frozen=True)
class Refusal:
    """One variant that cannot be.

    Attributes:
        variant: The name that it would have.
        network: `architecture[@tag]`.
        seed: Of the training.
        chain: As it was asked for; its last technique does not apply.
        technique: That one.
        reason: One sentence.
    """

    variant: str
    network: str
    seed: int
    chain: str
    technique: str
    reason: str

    def sentence(self) -> str:
        """Return who does not apply to whom, and why."""
        reason = self.reason
        if reason.startswith(("The ", "No ", "It ", "A ")):
            reason = reason[0].lower() + reason[1:]
        return f"{self.technique} does not apply to {self.network} ({self.chain}): {reason}"


def refuse_again(run: Run, name: str, spec: Mapping[str, Any]) -> None:
    """Refuse a variant that was refused before under the same specification and libraries.

    Raises:
        NotApplicable: With the sentence of then.
    """
    record = _read(_path(run, name))
    if record and record["spec"] == spec_digest(spec) and record["libraries"] == library_versions():
        raise NotApplicable(_refusal(record).sentence())


def keep_refusal(run: Run, name: str, chain: str, spec: Mapping[str, Any], reason: str) -> Refusal:
    """Store that a technique does not apply, and return the record.

    Args:
        run: The run, with the settings of the network.
        name: The name that the variant would have.
        chain: As it was asked for, up to the technique that refused.
        spec: All that decides the result.
        reason: What the technique said.
    """
    technique = parse_chain(chain)[-1].technique
    refusal = Refusal(name, run.network, run.settings.seed, canonical_chain(chain), technique, reason)
    record = {**dataclasses.asdict(refusal), "spec": spec_digest(spec), "libraries": library_versions()}
    write_json(_path(run, name), record)
    return refusal


def forget_refusal(run: Run, name: str) -> None:
    """Remove the record of a variant that could be made after all."""
    _path(run, name).unlink(missing_ok=True)


def refusals(run: Run) -> list[Refusal]:
    """Return what does not apply in a run: chains of its study, in its order, then others that notebooks tried.

    A chain whose beginning was refused is listed with the reason of that.
    """
    stored = {
        record["variant"]: _refusal(record)
        for path in sorted(run.folder.glob(f"{FOLDER}/*.json"))
        if (record := _read(path)) and not run.record_path(record["variant"]).is_file()
    }
    found: dict[str, Refusal] = {}
    networks = run.networks()
    for network in networks:
        for chain in network.settings.chains:
            links, name = parse_chain(chain), network.name_of(chain)
            for count in range(1, len(links) + 1):
                first = stored.get(network.name_of("+".join(link.text for link in links[:count])))
                if first and not run.record_path(name).is_file():
                    found[name] = dataclasses.replace(first, variant=name, chain=canonical_chain(chain))
                    break
    known = {(network.network, network.settings.seed) for network in networks}
    beside = {name: each for name, each in stored.items() if (each.network, each.seed) in known}
    return [*found.values(), *(each for name, each in beside.items() if name not in found)]


def refusal_table(run: Run) -> "pd.DataFrame":
    """Return what does not apply in a run, a row each: `COLUMNS`; no row where everything did."""
    rows = [dataclasses.asdict(refusal) for refusal in refusals(run)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _path(run: Run, name: str) -> Path:
    return run.path(FOLDER, f"{variant_key(name)}.json")


def _read(path: Path) -> dict[str, Any] | None:
    """Return a record; None of one that is missing or damaged, which only costs trying again."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record if _refusal(record) and {"spec", "libraries"} <= set(record) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _refusal(record: Mapping[str, Any]) -> Refusal:
    return Refusal(**{field.name: record[field.name] for field in dataclasses.fields(Refusal)})
