"""Where things are written: two stages that write the same share a node, and each has its own line."""

from programs import program

from ssldsl.comparing.diff import diff
from ssldsl.ir.program import Program
from ssldsl.passes.planning import make_plan

TEXT = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0) >> random_shift(1)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
stage first {
  loss = ce(labeled) + vat(labeled, epsilon=1.0)
  run  = 10it
  eval top1(images.test)
}
stage second after first {
  init encoder, classes from first
  loss = ce(labeled) + vat(labeled, epsilon=1.0)
  run  = 10it
  eval top1(images.test)
}
"""


def test_stages_that_write_the_same_share_its_node() -> None:
    first, second = program(TEXT).stages
    assert first.terms[0].node is second.terms[0].node


def test_a_stage_writes_its_nodes_in_its_own_lines() -> None:
    assert [lines(program(TEXT), n) for n in (0, 1)] == [{7, 9}, {13, 15}]


def test_the_plan_of_a_stage_names_its_own_lines() -> None:
    places = [{p.line for n in s.nodes if n.op == "cross_entropy" for p in n.places} for s in plan_stages()]
    assert [7 in places[0], 7 in places[1], 13 in places[1]] == [True, False, True]


def test_a_difference_in_the_second_stage_is_shown_there() -> None:
    before, after = TEXT.rsplit("epsilon=1.0", 1)
    (entry,) = diff(program(TEXT), program(f"{before}epsilon=2.0{after}")).entries
    assert [span.line for span in (entry.first, entry.second) if span is not None] == [13, 13]


def lines(made: Program, stage: int) -> set[int]:
    """The lines in which a stage writes its term and its evaluation, as a reader of the spec sees them."""
    found = made.stages[stage]
    return {found.spans_of(node)[-1].line for node in (found.terms[0].node, found.evaluations[0].node)}


def plan_stages():
    return make_plan(program(TEXT), sizes={}).stages
