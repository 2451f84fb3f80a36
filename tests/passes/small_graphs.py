"""For every pass, the smallest graph that shows what it does."""

from collections.abc import Callable, Mapping

from attrs import evolve
from stage_programs import COSINE, Draft, program, stage

from ssldsl.graph.graph import Graph, stage_graph
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar
from ssldsl.ir.program import Program
from ssldsl.passes import Clock, Context
from ssldsl.passes.planning import context_of
from ssldsl.passes.share_rows import share_rows

CLOCK = Clock(steps_per_epoch=14, steps=420)
ONE = Constant(1.0)


def graph_of(made: Program) -> Graph:
    return stage_graph(made, made.stages[0])


def context(made: Program) -> Context:
    return context_of(made, clock=CLOCK)


def one_stage(draft: Draft, terms: Mapping[str, Node], **changed: object) -> Program:
    """A program of one stage whose terms all weigh 1."""
    return program(draft, stage({name: (ONE, node) for name, node in terms.items()}, **changed))


def clock() -> Program:
    draft = Draft()
    ramp = Curve("linear_ramp", (("length", Duration(10, "ep")),))
    weight: Scalar = Combined("then", ramp, COSINE, Duration(50, "%"))
    return program(draft, stage({"ce": (weight, draft.ce())}))


def split_nets() -> Program:
    draft = Draft()
    images, net = draft.shifted("labeled"), draft.compose("encoder", "classes")
    logits = draft.interner.node(
        "apply", (net, images), type=draft.logits(images).type, params=("net", "inputs"), live=net.live
    )  # fmt: skip
    return one_stage(draft, {"entropy": draft.loss("entropy", logits=logits)})


def forward_policy() -> Program:
    draft = Draft(coupled=True)
    return one_stage(draft, {"ce": draft.ce(), "entmin": draft.entmin()})


def effects() -> Program:
    draft = Draft(coupled=True)
    return one_stage(draft, {"ce": draft.ce(), "vat": draft.vat()}, forward="separate")


def fold() -> Program:
    draft = Draft()
    terms: dict[str, tuple[Scalar, Node]] = {
        "ce": (Combined("*", Constant(2.0), Combined("*", Constant(0.5), COSINE)), draft.ce()),
        "entmin": (Constant(0.0), draft.entmin()),
    }
    return program(draft, stage(terms))


def share_rows_program() -> Program:
    draft = Draft()
    turned, _ = draft.rotated(draft.shifted("unlabeled"))
    both = {"plain": draft.shifted("unlabeled"), "turned": turned}
    return one_stage(draft, {n: draft.loss("entropy", logits=draft.logits(images)) for n, images in both.items()})


def merge_forwards() -> Program:
    draft = Draft()
    return one_stage(draft, {"ce": draft.ce(), "entmin": draft.entmin()})


def gather() -> Program:
    draft = Draft()
    logits = draft.logits(draft.shifted("unlabeled"))
    return one_stage(draft, {"spread": draft.loss("spread", logits=logits)})


def no_grad() -> Program:
    draft = Draft()
    target = draft.stop(draft.logits(draft.shifted("labeled"), "teacher"))
    logits = draft.logits(draft.shifted("labeled"))
    return one_stage(draft, {"mse": draft.loss("cross_entropy", logits=logits, labels=target)})


def placement() -> Program:
    draft = Draft(open_sizes=True)
    image, rows = draft.draw("unlabeled"), draft.rows("unlabeled")
    cropped = draft.interner.node(
        "random_crop", (image,), type=evolve(image.type, dims=("B_unlabeled", 3, 32, 32)), params=("images",),
        settings=(("size", 32),), draw="unlabeled/random_crop", rows=rows,
    )  # fmt: skip
    shifted = draft.interner.node(
        "shift", (cropped,), type=cropped.type, params=("images",), settings=(("pixels", 1),), draw="unlabeled/shift",
        rows=rows,
    )  # fmt: skip
    return one_stage(draft, {"entropy": draft.loss("entropy", logits=draft.logits(shifted))})


EXAMPLES: Mapping[str, Callable[[], Program]] = {
    "clock": clock,
    "split_nets": split_nets,
    "forward_policy": forward_policy,
    "effects": effects,
    "fold": fold,
    "share_rows": share_rows_program,
    "prune": share_rows_program,
    "merge_forwards": merge_forwards,
    "gather": gather,
    "no_grad": no_grad,
    "placement": placement,
}


def example(name: str) -> tuple[Graph, Context]:
    """The graph that a pass of this name is shown on, and what the pass may know."""
    made = EXAMPLES[name]()
    known = context(made)
    if name == "placement":
        known = evolve(known, resident=frozenset({"digits"}))
    graph = graph_of(made)
    return (share_rows(graph, known) if name == "prune" else graph), known
