"""`radlib check` says all that would stop or weaken a run, and the run itself stops for the same sentences."""

import pytest
import yaml

from radlib.cli.app import main
from radlib.cli.series.series import run_series
from radlib.cli.series.study_check import check_study
from radlib.foundation.errors import RadlibError

STUDY = {
    "name": "mine",
    "parameters": {"dataset": "synthetic", "dataset_options": {"patients": 60}, "image_size": 16, "chains": ["int8"], "margin": 0.1},
}  # fmt: skip


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Writes a study with other parameters, and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(**parameters):
        content = {**STUDY, "parameters": {**STUDY["parameters"], **parameters}}
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
        return "mine.yaml"

    return write


def test_a_study_that_would_go_through_stops_nowhere_and_leaves_nothing(study, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(["check", study()])
    said = capsys.readouterr().out
    assert end.value.code == 0 and "Stops" not in said and "About " in said
    assert "Weakens: Each network is trained once" in said
    assert not (tmp_path / "outputs" / "mine").exists()


def test_every_stop_is_said_at_once_and_the_code_is_that_of_the_run(study, capsys):
    name = study(
        chains=["int9"], dataset_options={"patients": 60, "colour": "red"}, augmentation={"zoom": -1}
    )
    with pytest.raises(SystemExit) as end:
        main(["check", name])
    stops = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Stops: ")]
    assert end.value.code == 2 and len(stops) >= 2
    assert any("zoom" in line for line in stops) and any("colour" in line for line in stops)


@pytest.mark.parametrize(
    "parameters",
    [{"chains": ["int9"]}, {"architecture": "student_smal"}, {"dataset_options": {"colour": 1}}, {"epochs": 0}, {"pairs": [["int8"]]}],
    ids=lambda p: next(iter(p)),
)  # fmt: skip
def test_the_run_stops_for_the_same_sentence(study, parameters):
    name = study(**parameters)
    found = check_study(name)
    with pytest.raises(RadlibError) as refusal:
        run_series(name, say=lambda line: None)
    assert str(refusal.value) in map(str, found.stops)


def test_what_will_be_weak_is_said_with_numbers_and_a_remedy(study):
    told = "\n".join(check_study(study(margin=0.01)).weakens)
    assert "a margin of 0.01 takes 299" in told and "too few patients" in told
    told = "\n".join(
        check_study(study(image_size=512, dataset_options={"patients": 60, "image_side": 64})).weakens
    )
    assert "`image_size` enlarges them" in told and "(the middle one has 64)" in told


def test_a_study_that_is_none_is_one_sentence(study, tmp_path, capsys):
    (tmp_path / "broken.yaml").write_text("name: [")
    for name in ("broken.yaml", "nosuch"):
        with pytest.raises(SystemExit) as end:
            main(["check", name])
        assert end.value.code == 2 and capsys.readouterr().out.count("\n") == 1


def test_values_of_the_command_line_are_checked_too(study):
    assert not check_study(study(), given={"epochs": "3"}).stops
    assert "epochs" in str(check_study(study(), given={"epochs": "many"}).stops[0])
