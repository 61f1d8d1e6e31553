"""A small round of damaged studies; `make fuzz` sends ten thousand."""

from benchmarks import fuzzing_studies


def test_damaged_studies_are_refused_in_a_sentence_and_write_nothing():
    result = fuzzing_studies.measure(80, seed=3)
    assert result["accepted"] + result["refused"] == 80, result["raw"]
    assert result["raw"] == {} and result["written"] == 0 and result["long_sentences"] == 0
