"""The tables of the page's figures say what was measured, and leave the rest of their page alone."""

from benchmarks.page_table import filled, speed_table, vector_table

FIGURES = {
    "rate": 4, "worker_slowed": True, "load": 6.6, "page_and_runtime_gzip_bytes": 3_265_535,
    "times": {"now open": [900, 1100, 1000], "now a.dcm first answered": [1300], "before a.dcm first answered": [1800, 1700, 1900]},
    "steps_processor_ms": {"a.dcm": {"header": 2, "decoding": 120}},
    "memory_after_20_films_mb": 500, "memory_after_100_films_mb": 510,
}  # fmt: skip


def test_medians_stand_beside_the_other_build_and_their_aims():
    table = speed_table(FIGURES)
    assert "| a.dcm first answered | 1,800 | 1,300 | at most 2,000 |" in table
    assert "| open |  | 1,000 | Chester: 12,000 to load, 1,300 to build |" in table
    assert "| a.dcm | 2 | 120 |" in table and "slowed 4 times (page and worker)" in table


def test_what_could_not_be_slowed_is_said():
    assert "(the page's own thread alone)" in speed_table({**FIGURES, "worker_slowed": False})


def test_vectors_and_steps_that_were_not_compared_stay_empty():
    lines = vector_table([["png_tall", "resized", 1.5e-05], ["png_tall", "grey", 0.0]]).splitlines()
    assert lines[-1] == "| `png_tall` |  |  |  |  |  | 0 | 1.5e-05 |  |  |  |"


def test_only_marked_parts_of_a_page_are_written_anew():
    page = "Words.\n<!-- speed -->\nold\n<!-- /speed -->\nMore.\n"
    assert filled(page, {"speed": "new"}) == "Words.\n<!-- speed -->\nnew\n<!-- /speed -->\nMore.\n"
