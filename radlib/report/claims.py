"""Sentences of a notebook that are held against its outputs.

Prose beside a table goes on saying what it said when the table has changed. A claim carries the condition under which its
sentence is true, computed in the same cell from the same numbers, and what to say where it is not; so a notebook that is
run on other films says what happened there. Whether a claim held is stored with the output, where tests read it. A sentence
about patients names the run, as not every data set knows its patients.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from radlib.runs import Run
from radlib.runs.counted import counted_in, told

FEWEST_CONCLUSIONS = 3
KEY = "radlib_claims"


@dataclass(frozen=True)
class Claim:
    """A sentence and whether it is true of this run.

    Attributes:
        sentence: What is said when it holds.
        holds: Whether it does, computed from this run's numbers.
        otherwise: What is said when it does not.
    """

    sentence: str
    holds: bool
    otherwise: str

    def __str__(self) -> str:
        return self.sentence if self.holds else self.otherwise

    def _repr_mimebundle_(self, **_: Any) -> tuple[Mapping[str, str], Mapping[str, list[bool]]]:
        return {"text/plain": str(self), "text/markdown": str(self)}, {KEY: [self.holds]}


@dataclass(frozen=True)
class Conclusion:
    """What a notebook comes to.

    Attributes:
        claims: Its sentences, at least three.
    """

    claims: tuple[Claim, ...]

    def _repr_mimebundle_(self, **_: Any) -> tuple[Mapping[str, str], Mapping[str, list[bool]]]:
        lines = "\n".join(f"{number}. {claim}" for number, claim in enumerate(self.claims, 1))
        return {"text/plain": lines, "text/markdown": lines}, {KEY: [claim.holds for claim in self.claims]}


def claim(sentence: str, holds: Any, otherwise: str, run: Run | None = None) -> Claim:
    """Say something about an output, and hold it against the numbers.

    Args:
        sentence: What is true of the run when `holds`; numbers are written into it from the same tables.
        holds: The condition, of Python or NumPy; what is not a number at all (NaN) does not hold.
        otherwise: What is true when it does not hold. Not the sentence with a “not”: what a reader of such a run learns.
        run: Whose patients the sentences are about; where it knows none, they say films or groups of like films.

    Returns:
        What a notebook displays as a sentence.

    Raises:
        ValueError: If one of the two sentences is empty or both are the same.

    Example:
        >>> print(claim("Rounding moved no film across the threshold.", 0 == 0, "Rounding moved 0 films."))
        Rounding moved no film across the threshold.
    """
    if not sentence.strip() or not otherwise.strip() or sentence == otherwise:
        raise ValueError("A claim needs a sentence for when it holds and another for when it does not.")
    if run is not None:
        sentence, otherwise = (told(said, counted_in(run.folder)) for said in (sentence, otherwise))
    return Claim(sentence, bool(holds == holds and holds), otherwise)


def conclude(*claims: Claim) -> Conclusion:
    """Return what a notebook comes to: at least three claims, numbered.

    Raises:
        ValueError: If there are fewer.
    """
    if len(claims) < FEWEST_CONCLUSIONS:
        raise ValueError(
            f"A notebook concludes in at least {FEWEST_CONCLUSIONS} sentences; these are {len(claims)}."
        )
    return Conclusion(claims)
