import pytest

from radlib.foundation.errors import UsageError
from radlib.foundation.registry import ARCHITECTURES, DATASETS, FORMATS, TECHNIQUES, Entry, Registry


def example(model, *, sparsity: float = 0.5, epochs: int = 2):
    """Do something.

    Args:
        model: The model.
        sparsity: Share of zeros,
            over two lines.
        epochs: Passes.
    """


def test_parameters_come_from_signature_and_docstring():
    sparsity, epochs = Entry("example", example).parameters
    assert (sparsity.name, sparsity.type, sparsity.default) == ("sparsity", "a number", 0.5)
    assert sparsity.help == "Share of zeros, over two lines."
    assert epochs.help == "Passes."
    assert Entry("example", example).summary == "Do something."


def test_complete_fills_defaults_and_names_the_nearest():
    entry = Entry("example", example)
    assert entry.complete({"epochs": 5}) == {"sparsity": 0.5, "epochs": 5}
    with pytest.raises(UsageError, match="did you mean 'sparsity'"):
        entry.complete({"sparsty": 1})


def test_unknown_name_lists_the_known():
    with pytest.raises(UsageError, match="did you mean 'int8'"):
        TECHNIQUES["int-8"]


def test_two_entries_of_one_name_are_refused():
    registry = Registry("thing", "techniques/*.py")
    registry.register()(example)
    with pytest.raises(ValueError, match="two thing entries"):
        registry.register()(example)


@pytest.mark.parametrize("registry", [ARCHITECTURES, DATASETS, FORMATS, TECHNIQUES], ids=lambda r: r.kind)
def test_every_entry_explains_itself(registry):
    assert registry.names()
    for entry in registry:
        assert entry.summary.endswith("."), entry.name
        for parameter in entry.parameters:
            assert parameter.help, f"{entry.name}: {parameter.name} has no line in Args"
            assert parameter.type, f"{entry.name}: {parameter.name} has no type"
