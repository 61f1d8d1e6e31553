"""Two readers of drawn patients whose true AUROC, correlation, prevalence and films per patient are stated."""

from statistics import NormalDist

import numpy as np


def binormal(
    seed, *, auroc=0.95, loss=0.0, correlation=0.95, prevalence=0.5, patients=600, films_per_patient=1, shared=0.5
):  # fmt: skip
    """Return labels, scores of the original and of the variant, and patients of drawn films.

    Scores are normal with variance 1, shifted by √2·Φ⁻¹(AUROC) where the finding is; the readers' scores of one
    film have the stated correlation, and of two films of one patient share the stated part of their variance.
    """
    generator = np.random.default_rng(seed)
    films = patients * films_per_patient
    patient = np.repeat(np.arange(patients), films_per_patient)
    truth = (generator.random(films) < prevalence).astype(int)

    def noise():
        own = generator.normal(size=films)
        if films_per_patient == 1:
            return own
        return np.sqrt(shared) * generator.normal(size=patients)[patient] + np.sqrt(1 - shared) * own

    first, other = noise(), noise()
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    shifts = [np.sqrt(2) * NormalDist().inv_cdf(value) for value in (auroc, auroc - loss)]
    return truth, shifts[0] * truth + first, shifts[1] * truth + second, patient
