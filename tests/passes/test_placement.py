"""Where nodes are computed, what is recorded, what is gathered."""

from pathlib import Path

import pytest
from programs import S4L, context, graph, optimized, program, with_loss

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph, rewrite
from ssldsl.ir.program import Program
from ssldsl.passes import run_passes
from ssldsl.passes.effects import effects
from ssldsl.passes.placement import placement


def placed(made: Program, resident: tuple[str, ...] = ()) -> Graph:
    """The graph of the first stage; all data are read from files but the resident ones."""
    return placement(graph(made), context(made, resident))


def places(found: Graph, *ops: str) -> list[str]:
    return [found.places[node] for node in found.nodes if node.op in ops]


OF_FILES = """\
ssl 1
data   images  = imagenet()
stream labeled = images.train.subset(100, seed=0) >> random_crop(32) >> flip()
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = {labeled: 25}
run   = 3it
"""


def test_views_of_files_run_in_workers_up_to_the_one_that_fixes_the_size() -> None:
    assert places(placed(program(OF_FILES)), "draw", "random_crop", "flip") == ["host", "host", "step", "step"]


def test_streams_in_memory_have_all_views_in_the_step() -> None:
    found = placed(program(OF_FILES), resident=("imagenet",))
    assert set(places(found, "draw", "random_crop", "flip")) == {"step"}


def test_files_of_one_size_are_read_by_workers_and_viewed_in_the_step() -> None:
    found = placed(program(S4L))
    assert places(found, "draw") == ["host", "step", "host"]  # labeled image, labeled label, unlabeled image
    assert set(places(found, "random_shift", "rotate4")) == {"step"}


def test_samples_without_a_common_size_reach_no_network() -> None:
    made = program(OF_FILES)
    views = ("random_crop", "flip")
    uncut = rewrite(
        graph(made), lambda node, inputs, build: inputs[0] if node.op in views else build.like(node, inputs)
    )
    with pytest.raises(InternalError, match="no common size"):
        placement(uncut, context(made, resident=()))


def test_what_only_evaluations_read_is_evaluation() -> None:
    found = placed(program(S4L))
    assert set(places(found, "full_dataset", "accuracy")) == {"evaluation"}
    assert set(places(found, "source", "split", "subset", "unlabel")) == {"data"}


def recorded(found: Graph) -> dict[str, bool]:
    """For every applied module, whether its forwards are recorded for the backward pass."""
    return {
        str(n.inputs[0].setting("name")): n not in found.no_grad
        for n in found.nodes
        if n.op == "apply" and n in found.trained_nodes
    }


def test_views_and_frozen_networks_are_not_recorded() -> None:
    found = optimized(with_loss("ce(labeled)", "train classes"))
    assert recorded(found) == {"encoder": False, "classes": True}
    assert all(node in found.no_grad for node in found.nodes if node.op == "random_shift")


def test_training_a_part_records_the_whole_network() -> None:
    found = optimized(with_loss("ce(labeled)", "train encoder.blocks, classes"))
    assert recorded(found) == {"encoder": True, "classes": True}


def test_nothing_before_a_stop_is_recorded() -> None:
    more = "net teacher = ema(encoder >> classes, momentum=0.99)"
    found = optimized(
        with_loss("ce(labeled) + mse(softmax(classes(encoder(labeled))), stop(softmax(teacher(labeled))))", more)
    )
    assert recorded(found) == {"encoder": True, "classes": True, "teacher.encoder": False, "teacher.classes": False}


def test_batches_that_an_op_gives_after_gathering_go_back_to_their_process() -> None:
    loss = "soft_cross_entropy(classes(encoder(labeled)), sinkhorn(stop(classes(encoder(labeled)))))"
    (losses,) = optimized(with_loss(loss)).terms[0].node.inputs
    local = losses.inputs[1]
    assert [local.op, local.inputs[0].op, local.inputs[0].inputs[0].op] == ["local", "sinkhorn", "gather"]
    assert losses.inputs[0].op == "apply"


def test_a_mean_over_rows_is_gathered_where_it_is_compared_and_not_where_it_is_added_up() -> None:
    more = "let p = probabilities(stop(classes(encoder(labeled))))"
    loss = "mean((confidence(p) >= 0.9*mean(confidence(p))) * entropy(classes(encoder(labeled)))) + 2*ce(labeled)"
    found = optimized(with_loss(loss, more))
    means = {node: node.inputs[0].op for node in found.nodes if node.op == "row_mean"}
    assert sorted(means.values()) == ["cross_entropy", "gather", "product"]
    assert [means[term.node] for term in found.terms] == ["product", "cross_entropy"]


JOINED = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(40, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
let  crops = draw(2, random_shift(unlabeled))
let  both  = concat(BATCHES)
let  mixed = mixup(both, both)
loss  = ce(labeled, net=model) + entropy(model(mixed)) as mixture
batch = {labeled: 20, unlabeled: 60}
run   = 3it
"""


@pytest.mark.parametrize(
    ("batches", "parts"),
    [
        ("labeled | unlabeled", "B_labeled, B_unlabeled"),
        ("labeled | crops", "B_labeled, B_unlabeled, B_unlabeled"),
        ("rotate4(labeled) | unlabeled", "4*B_labeled, B_unlabeled"),
        ("crops", "B_unlabeled, B_unlabeled"),
        ("crops.first(1)", None),
    ],
)
def test_batches_that_are_joined_are_gathered_each_by_itself(batches: str, parts: str | None) -> None:
    found = optimized(program(JOINED.replace("BATCHES", batches)))
    moved = [node for node in found.nodes if node.op in ("gather", "local")]
    said = {", ".join(map(str, node.setting("parts"))) if node.setting("parts") else None for node in moved}
    assert {node.op for node in moved} == {"gather", "local"}
    assert said == {parts}


def test_rows_of_a_forward_that_other_batches_share_are_gathered_as_they_were_joined() -> None:
    text = JOINED.replace("BATCHES", "labeled | unlabeled").replace(
        "entropy(model(mixed)) as mixture",
        "supcon(draw(2, random_shift(labeled)), net=encoder) + simclr(crops, net=encoder)",
    )
    moved = [node for node in optimized(program(text)).nodes if node.op == "gather"]
    said = [", ".join(map(str, node.setting("parts") or ())) for node in moved]
    assert sorted(said) == ["", "", "B_labeled, B_labeled", "B_labeled, B_labeled"]  # of `simclr`; rows and labels


def test_forwards_of_a_batch_normalized_network_are_one_chain() -> None:
    made = program(S4L, 'encoder.norm="batch"', "forward=separate")
    found = effects(graph(made), context(made))
    assert [[n.op for n in chain] for chain in found.effects] == [["apply"] * 4 + ["virtual_adversarial"]]


def test_networks_that_keep_rows_apart_have_no_effects() -> None:
    made = program(S4L)
    assert effects(graph(made), context(made)).effects == ()


def test_passes_can_be_watched_and_timed() -> None:
    made = program(S4L)
    seen: list[str] = []
    timings: dict[str, float] = {}
    run_passes(graph(made), context(made), dump=lambda name, _: seen.append(name), timings=timings)
    assert seen[0] == "lowering" and seen[-1] == "placement"
    assert set(seen[1:]) | {"verify"} == set(timings)


OWN_ROWS = """\
ssl 1
use "rows.py"
data   images  = digits()
stream labeled = images.train.subset(40, seed=0)
stream others  = unlabel(images.train)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
let    z = classes(encoder(labeled))
let    q = probabilities(stop(z))
loss  = LOSS
batch = 20
run   = 3it
"""
OWN_OPS = """
from torch import Tensor, nn
from ssldsl.ops import Detached, Features, Logits, Losses, Pairs, PositiveInt, Probs, Scalar, Values, op

@op(role="targets")
def pairs(x: Detached[Probs[Tensor, "batch classes"]]) -> Pairs[Tensor, "batch batch"]:
    "A number for every pair."

@op(role="losses")
def agree(x: Logits[Tensor, "batch classes"], pairs: Pairs[Tensor, "batch batch"]) -> Losses[Tensor, "batch"]:
    "A loss over pairs."

@op(role="targets")
def means(x: Detached[Probs[Tensor, "batch classes"]]) -> Values[Tensor, "classes"]:
    "The means of the batch."

@op(role="targets")
def across(x: Probs[Tensor, "batch classes"], y: Probs[Tensor, "others classes"]) -> Probs[Tensor, "batch classes"]:
    "Rows against other rows."

@op(role="targets")
def number(x: Probs[Tensor, "batch classes"]) -> Scalar[Tensor, ""]:
    "A number of the batch."

@op(role="losses")
def scaled(x: Logits[Tensor, "batch classes"], by: Detached[Scalar[Tensor, ""]]) -> Losses[Tensor, "batch"]:
    "Reads a number."

@op(role="losses")
def alone(x: Logits[Tensor, "batch classes"], v: Values[Tensor, "classes"] | None = None) -> Losses[Tensor, "batch"]:
    "Row by row."

@op(role="heads", across="gather")
class Whiten(nn.Module):
    "Compares rows."
    def __init__(self, dim: PositiveInt) -> None: ...
    def forward(self, x: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]: ...
"""


@pytest.mark.parametrize(
    ("loss", "gathering"),
    [
        ("alone(z)", []),
        ("agree(z, pairs(q))", ["agree", "pairs"]),
        ("alone(z, means(q))", ["means"]),
        ("kl(z, across(q, probabilities(stop(classes(encoder(others))))))", ["across"]),
        ("kl(z, across(q, q))", ["across"]),
        ("scaled(z, number(q))", ["number"]),
        ("alone(z) + number(probabilities(z))", []),
        ("alone(whiten(10)(z))", ["apply"]),
    ],
)
def test_what_compares_rows_sees_those_of_all_processes_whether_it_says_so_or_not(
    tmp_path: Path, loss: str, gathering: list[str]
) -> None:
    (tmp_path / "rows.py").write_text(OWN_OPS, "utf-8")
    text = OWN_ROWS.replace("LOSS", loss)
    if "whiten" in loss:
        text = text.replace("let    z", "head white = whiten(10)\nlet    z").replace("whiten(10)(z)", "white(z)")
    found = optimized(program(text, name=str(tmp_path / "own.ssl")))
    reading = {node.op for node in found.nodes for value in node.inputs if value.op == "gather" and node.op != "local"}
    assert sorted(reading) == gathering
