"""A notebook says first whose films its figures are of."""

from types import SimpleNamespace

from radlib.report import opening
from radlib.runs.settings import Settings


def test_drawn_films_are_called_so_before_any_figure():
    text = opening(SimpleNamespace(settings=Settings(dataset="synthetic")), "margin").data
    assert text.index("say nothing about patients") < text.index("<table") and "margin" in text
    own = opening(SimpleNamespace(settings=Settings(dataset="dicom_folder")), "margin").data
    assert "nothing about patients" not in own and "margin" in own
