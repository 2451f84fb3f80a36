"""Words that take lists apart: an item, a part of a list, the list turned round."""

import pytest

from ssldsl.check import Checked, check
from ssldsl.ir import captions
from ssldsl.ir.nodes import Node
from ssldsl.ir.walk import ancestors
from ssldsl.source import Source

HEAD = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
let    views     = draw(2, random_shift(unlabeled, 2))
let    seen      = classes(encoder(views))
run = 5it
"""


def read(loss: str) -> Checked:
    return check(Source("words.ssl", f"{HEAD}loss = ce(labeled) + {loss} as term\n"))


def term(loss: str) -> Node:
    return read(loss).unwrap().stages[0].terms[1].node


@pytest.mark.parametrize("item", ["first(seen)", "last(seen)", "seen.first()"])
def test_without_a_count_it_is_the_item_itself(item: str) -> None:
    (loss,) = [node for node in ancestors([term(f"mean(entropy({item}))")]) if node.op == "entropy"]
    assert str(loss.inputs[0].type) == "Logits[B_unlabeled, 10]"


def test_turned_round_each_view_meets_the_other_one() -> None:
    losses = [node for node in ancestors([term("mean(kl(seen, probabilities(stop(swap(seen)))))")]) if node.op == "kl"]
    met = {tuple(scores_of(side).id for side in loss.inputs) for loss in losses}
    assert len(met) == 2 and {pair[::-1] for pair in met} == met and all(one != other for one, other in met)


def scores_of(node: Node) -> Node:
    """What a network says, under the softmax and the stop that a target has."""
    while node.op in ("probabilities", "stop"):
        (node,) = node.inputs
    return node


def test_a_list_that_is_not_turned_round_meets_itself() -> None:
    assert read("mean(kl(seen, probabilities(stop(seen))))").diagnostics[0].code == "D406"


@pytest.mark.parametrize("loss", ["mean(entropy(swap(seen.first())))", "mean(entropy(first(first(seen))))"])
def test_what_is_no_list_is_not_taken_apart(loss: str) -> None:
    assert [d.code for d in read(loss).diagnostics] == ["T310"]


def test_a_count_beyond_the_list_is_refused() -> None:
    assert [d.code for d in read("mean(entropy(seen.first(3)))").diagnostics] == ["T303"]


def test_a_list_of_an_earlier_stage_has_its_networks_by_number() -> None:
    declared = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(64, seed=0)
net    encoder = convnet(width=8)
head   heads[3] = linear(encoder.dim, images.classes)
stage one {
  loss = mean(cross_entropy(heads(encoder(labeled)), labeled.label)) as assign
  run  = 5it
}
stage two after one {
  init encoder, heads from one
  stream pseudo = images.train.pseudo_label(NETWORK(one.encoder(images.train)))
  loss = mean(cross_entropy(heads(encoder(pseudo)), pseudo.label)) as assign
  run  = 5it
}
"""
    program = check(Source("lists.ssl", declared.replace("NETWORK", "one.heads.2"))).unwrap()
    below = [node for node in ancestors(program.stages[1].roots) if node.op == "net" and node.setting("stage")]
    assert {(node.setting("name"), node.setting("stage")) for node in below} == {("heads.2", "one"), ("encoder", "one")}
    (whole,) = check(Source("lists.ssl", declared.replace("NETWORK", "one.heads"))).diagnostics
    assert whole.code == "T310" and whole.message.endswith("found a list of 3")


@pytest.mark.parametrize("classes", ["head classes = linear(encoder.dim, images.classes)", ""])
def test_a_definition_takes_a_list_of_networks_whatever_else_is_declared(classes: str) -> None:
    text = HEAD[: HEAD.index("head ")] + f"{classes}\nhead heads[3] = linear(encoder.dim, images.classes)\nrun = 5it\n"
    program = check(Source("lists.ssl", f"{text}loss = mean(ce(labeled, net=encoder >> heads)) as each\n")).unwrap()
    assert [watch.name for watch in program.stages[0].watches] == ["each.0", "each.1", "each.2"]


def test_data_made_by_a_memory_are_called_after_it_and_not_after_what_fed_it() -> None:
    near = "stream near = images.train.with_neighbors(past.rows, anchors=0.5, every=1it)"
    bank = "let past = bank(z(encoder(unlabeled)), unlabeled.position)"
    declared = f"head z = linear(encoder.dim, 8) >> l2norm()\n{bank}\n{near}\n"
    pulled = "mean(negative_cosine_similarity(z(encoder(random_shift(near))), stop(z(encoder(near))))) as pull"
    text = f"{HEAD}{declared}watch mean(past.seen) as seen\nloss = ce(labeled) + {pulled}\n"
    program = check(Source("near.ssl", text)).unwrap()
    stream = next(s for s in program.streams if s.name == "near")
    assert stream.data is not None
    assert captions.data(stream.data, program.signatures).startswith("digits.train.with_neighbors(bank, ")
