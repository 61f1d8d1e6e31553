"""Chains as text: what may be typed, and the one way in which it is stored."""

import pytest

from radlib.foundation.errors import UsageError
from radlib.foundation.registry import Entry
from radlib.runs.chains import canonical_chain, parse_chain
from radlib.runs.variants import LONGEST_KEY, variant_key, variant_name
from radlib.techniques.building import chain_label, check_chain


def test_links_in_order_with_their_parameters():
    pruned, coded = parse_chain("magnitude_pruning(final_sparsity=0.9) + deep_compression(clusters=16)")
    assert (pruned.technique, dict(pruned.given)) == ("magnitude_pruning", {"final_sparsity": 0.9})
    assert (coded.technique, dict(coded.given)) == ("deep_compression", {"clusters": 16})
    assert parse_chain("") == ()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("int8", "int8"),
        ("svd ( budget = .5 )+int8", "svd(budget=0.5)+int8"),
        ("a(b=1,a=-2)", "a(a=-2,b=1)"),
        ("a(b='words with blanks')", "a(b='words with blanks')"),
        ("a(scope=global)", "a(scope='global')"),  # a word that Python keeps for itself
        ("a( scope = 'global' )+b(c=class)", "a(scope='global')+b(c='class')"),
        ("a(b='c=global, ä=is',d=in)", "a(b='c=global, ä=is',d='in')"),
        ("a(b=None,c=True)", "a(b=None,c=True)"),
        ("a(b='word')", "a(b=word)"),
        ("a(b={'width': 2.0, depth: 1})", "a(b={depth:1,width:2.0})"),
        ("a(b=[1, two, None])", "a(b=[1,two,None])"),
        ("a(b=True)", "a(b=True)"),
        ("a(b='True')", "a(b='True')"),
    ],
)
def test_a_chain_is_stored_in_one_way(typed, stored):
    assert canonical_chain(typed) == stored
    assert canonical_chain(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "a+", "a b", "a-b", "a(1)", "a(**b)", "a(b=c())", "a.b", "a(b=__import__('os'))", "a(b=1", "f(x)(y=1)",
        "a(b=1,b=2)", "'a'", "a(b=" + "[" * 600, "a+" * 2000 + "a",
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_nothing_is_run(typed):
    with pytest.raises(UsageError, match="is not a chain"):
        parse_chain(typed)


def test_labels_say_what_the_chain_itself_sets():
    assert chain_label("magnitude_pruning(final_sparsity=0.9)+int8") == "pruned (final sparsity 0.9) + int8"
    assert chain_label("distillation(student=student_tiny)") == "distilled (student tiny)"
    assert chain_label("miracle(size_kb=12.0)") == "MIRACLE (size 12 KB)"
    alone = chain_label("distillation(student=student_small,soft_share=0.0)")
    assert alone == "distilled (student small, soft share 0)"


def test_unknown_and_ill_typed_parameters_are_refused_before_training():
    with pytest.raises(UsageError, match=r"no parameter 'sparsty'.*final_sparsity"):
        check_chain("magnitude_pruning(sparsty=0.9)")
    with pytest.raises(
        UsageError, match=r"'final_sparsity' of 'magnitude_pruning' takes a number, 0 to below 1, not 'high'"
    ):
        check_chain("magnitude_pruning(final_sparsity=high)")


def test_values_must_be_like_the_default():
    def technique(*, count: int = 1, share: float = 0.5, options: dict | None = None, flag: bool = False): ...

    entry = Entry("technique", technique, {})
    assert entry.complete({"share": 1, "options": {"a": 1}})["share"] == 1
    for given in ({"count": 1.5}, {"count": True}, {"flag": 1}, {"share": "x"}):
        with pytest.raises(UsageError, match="takes (a|true)"):
            entry.complete(given)


def test_file_names_are_short_plain_and_distinct():
    assert (
        variant_key(variant_name("net", "magnitude_pruning + int8", 0))
        == "net--magnitude_pruning+int8--seed0"
    )
    plain = variant_key(variant_name("net", "svd(budget=0.5)", 1))
    assert plain.startswith("net--svd-budget=0.5") and plain.endswith("--seed1")
    assert plain != variant_key(variant_name("net", "svd(budget=0.6)", 1))
    assert variant_key("net/a(b=[1,2])#0") != variant_key("net/a(b=[1,{2}])#0")
    long = variant_key(variant_name("net", "+".join(["magnitude_pruning(final_sparsity=0.9)"] * 8), 0))
    assert len(long) < LONGEST_KEY + 24 and not set(long) & set('()[]{}":*?<>|/\\ ')


def test_a_switch_is_spoken_by_its_name():
    (link,) = parse_chain("a(reduced_batch_norm=True, spare_first=False, clusters=16)")

    assert link.words == "reduced batch norm, no spare first, clusters 16"


@pytest.mark.parametrize("pruning", ["magnitude_pruning", "unified_pruning"])
def test_pruned_weights_are_not_made_binary_and_removed_filters_may_be(pruning):
    with pytest.raises(UsageError, match="never zero; remove whole filters with 'filter_pruning'"):
        check_chain(f"{pruning}+xnor_net")
    assert [entry.name for entry in check_chain("filter_pruning+xnor_net")] == ["filter_pruning", "xnor_net"]
