"""Many files of one network are asked at once: in which order, so that none is called as good by luck?

Of many claims one holds by luck. Each network is a *family* of its own: its files are compared with its own original, on
its own questions, and nothing is claimed across networks; so what is shown of one network neither helps nor silences
another. Within a network, seeds pooled, the questions are put in an order (gatekeeping):

1. the one chain that was chosen on validation films: its AUROC A at 5 %; where it was shown its sensitivity S; where that
   was shown, too, its specificity;
2. the other chains, only where A *and* S of the chosen one were shown. A chain's claim is "A and S", which needs both and is
   as sure as the less sure (p = max(p_A, p_S); Berger, 1982); over the k chains Holm's rule (1979) tests them at α/k, α/(k−1)
   and so on. A alone is claimed at the step at which its chain stands;
3. their specificity by Holm's rule again, each where A and S of its own chain and the chosen chain's specificity were shown.

**What is bounded.** Per network, the chance that *any* claim of A or S is wrong, and with it that any file is green though
its chain loses the margin or more, is at most α = 5 %, whatever of it is true: Bonferroni weights that start at the chosen
chain's A, move to its S, are shared by the other chains' A, move each to its own S, and from there to the chains that are left,
which is a graph of Bretz et al. (2009), whose steps this is. Specificity carries no colour and lets nothing else be asked: its
claims are a family of their own, at most α again. Of m networks up to m · α are wrong on average: one network is one claim to
its reader, as trials of different drugs are not adjusted for one another (Rubin, 2021). That α itself holds for each test
when patients are few and losses concentrated is shown by `python -m benchmarks evidence`.

References:
    Dmitrienko, Tamhane (2007). Gatekeeping procedures with clinical trial applications. Pharmaceutical Statistics 6.
    Bretz, Maurer, Brannath, Posch (2009). A graphical approach to sequentially rejective multiple test procedures.
    Statistics in Medicine 28. Berger (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24.
    Rubin (2021). When to adjust alpha during multiple testing. Synthese 199.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.metrics.multiplicity import holm

DECIDING = 2  # questions, the first ones, that all of a chain's colour rests on: AUROC and sensitivity


def claims(p_values: ArrayLike, chosen: int | None = None) -> np.ndarray:
    """Return the adjusted p-values of the claims of one network: claimed is what lies below the level.

    Args:
        p_values: Of each chain its questions in their order, (chains, questions): AUROC, sensitivity, specificity; or one
            question alone, (chains, 1). NaN where one could not be asked.
        chosen: Which chain was chosen beforehand; None where none was, and all are asked together.

    Returns:
        float64 of the same shape, NaN where `p_values` is; 1 where what has to be shown first cannot be.

    Example:
        >>> claims([[0.01, 0.02], [0.001, 0.004], [0.03, 0.2]], chosen=0).round(3).tolist()
        [[0.01, 0.02], [0.02, 0.02], [0.03, 0.2]]
        >>> claims([[0.01, 0.2], [0.001, 0.004]], chosen=0).tolist()
        [[0.01, 0.2], [0.2, 0.2]]
    """
    asked = np.asarray(p_values, np.float64)
    known = np.where(np.isnan(asked), 1.0, asked)  # what was not tested was not shown
    so_far = np.maximum.accumulate(known, axis=1)
    others = np.array([place for place in range(len(asked)) if place != chosen], dtype=int)
    found = so_far.copy()
    opened, last = (0.0, 0.0) if chosen is None else (so_far[chosen, :DECIDING].max(), so_far[chosen, -1])
    counted = others[~np.isnan(asked[others, 0])]  # a chain of whom nothing was tested takes no share
    found[counted, :DECIDING] = np.maximum(_steps(known[counted, :DECIDING]), opened)
    for question in range(DECIDING, asked.shape[1]):
        behind = holm(asked[counted, question])
        found[counted, question] = np.fmax(np.maximum(behind, last), found[counted, question - 1])
    return np.where(np.isnan(asked), np.nan, np.minimum(found, 1.0))


def first_level(chains: int, alpha: float) -> float:
    """Return the level at which a chain that was not chosen is asked before any other of them was shown: α / chains."""
    return alpha / max(chains, 1)


def _steps(p_values: np.ndarray) -> np.ndarray:
    """Return the adjusted p-values of chains that need all of their questions, (chains, questions), by Holm's rule.

    The last question of a chain is claimed with the chain. One before it is claimed alone at the level of the step that is
    reached: (chains left) · p, once those shown before are.
    """
    needs = np.maximum.accumulate(p_values, axis=1)
    whole = needs.max(axis=1, initial=0.0)
    together, order = holm(whole), np.argsort(whole, kind="stable")
    found = np.minimum(np.maximum(needs, together[:, None]), 1.0)
    for rank, chain in enumerate(order):
        shown = np.concatenate([[0.0], together[order[:rank]]])
        left = np.arange(len(order), len(order) - rank - 1, -1)
        alone = np.maximum(shown[:, None], left[:, None] * needs[chain])
        found[chain, :-1] = np.minimum(alone.min(axis=0), together[chain])[:-1]
    return found
