"""What a memory held when a stage ended is read under the name of the stage, by data that later stages make."""

from specs import checked, codes
from ssldsl.comparing.canonical import identity
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Program
from ssldsl.ir.walk import ancestors

HEAD = """
ssl 1
data   images  = digits()
stream all     = unlabel(images.train)
net    encoder = convnet(width=8)
head   z       = linear(encoder.dim, 8) >> l2norm()
let    v       = z(encoder(draw(2, random_shift(all, 1))))
let    past    = bank(v, all.position)
stage embed {
  loss = super_and(v, past.rows, all.position)
  run  = 3it
}
"""
ROUND = """
stage discover[3] after embed {{
  stream near = all.with_neighbors({rows}, anchors=0.5)
  init encoder, z, past from previous
  let w    = z(encoder(draw(2, random_shift(near, 1))))
  let past = bank(w, near.position)
  loss = super_and(w, past.rows, near.position, near.neighbor)
  run  = 3it
}}
"""
LATER = """
stage more {after} {{
  stream close = all.with_neighbors({rows}, anchors=1.0)
  loss = invariant_spreading(z(encoder(draw(2, random_shift(close, 1)))))
  run  = 3it
}}
"""


def held(program: Program) -> list[list[Node]]:
    """What every stage reads of the memories of others."""
    return [[n for n in ancestors(stage.roots) if n.op == "held"] for stage in program.stages]


def test_each_round_reads_the_memory_of_the_stage_before() -> None:
    found = held(checked(HEAD + ROUND.format(rows="previous.past.rows")).unwrap())
    assert [[(n.setting("stage"), n.setting("memory")) for n in nodes] for nodes in found] == [
        [],
        [("embed", "past/bank")],
        [("discover.0", "past/bank")],
        [("discover.1", "past/bank")],
    ]


def test_how_that_memory_came_about_is_no_part_of_the_stage_that_reads_it() -> None:
    program = checked(HEAD + ROUND.format(rows="previous.past.rows")).unwrap()
    of_last = ancestors(program.stages[-1].roots)
    assert sum(n.op == "with_neighbors" for n in of_last) == 1


def test_the_name_of_a_stage_has_no_part_in_what_an_experiment_is() -> None:
    text = HEAD + ROUND.format(rows="previous.past.rows")
    assert identity(checked(text).unwrap()) == identity(checked(text.replace("embed", "first")).unwrap())


def test_a_later_stage_names_a_round_or_means_the_last() -> None:
    for rows, stage in (("discover.past.rows", "discover.2"), ("discover.1.past.rows", "discover.1")):
        text = HEAD + ROUND.format(rows="previous.past.rows") + LATER.format(after="after discover", rows=rows)
        (node,) = held(checked(text).unwrap())[-1]
        assert node.setting("stage") == stage


def test_samples_of_another_number_are_refused() -> None:
    text = HEAD + ROUND.format(rows="previous.past.rows").replace("all.with", "all.subset(100, seed=0).with")
    assert codes(checked(text)) == ["T311"]


def test_a_stage_that_does_not_come_before_has_not_held_anything_yet() -> None:
    assert codes(checked(HEAD + LATER.format(after="", rows="embed.past.rows"))) == ["D503"]


def test_a_memory_that_says_something_of_a_batch_cannot_be_read() -> None:
    text = HEAD.replace("stage embed", "let p = per_sample(stop(first(v)), all.position)\nstage embed")
    text = text.replace("loss = super_and", "loss = mean(squared_error(first(v), p)) + super_and")
    assert codes(checked(text + ROUND.format(rows="previous.p"))) == ["N204"]


def test_what_is_wrong_with_a_memory_in_a_step_is_not_said_again_where_an_evaluation_reads_it() -> None:
    rows = "eval bank_knn(images.test, past.rows, images.train.label, net=encoder >> z, k=3)"
    text = HEAD.replace("random_shift(all, 1)", "random_shft(all, 1)").replace("run  = 3it", f"run  = 3it\n  {rows}")
    assert codes(checked(text)) == ["N201"]


def test_a_stage_of_rounds_that_comes_after_none_and_one_without_rounds_are_told_so_once() -> None:
    for header in ("stage discover[3]", "stage discover"):
        text = HEAD + ROUND.format(rows="previous.past.rows").replace("stage discover[3] after embed", header)
        assert codes(checked(text)) == ["D522"]


def test_who_gives_positions_for_the_rows_of_a_memory_is_told_of_the_memory() -> None:
    text = HEAD.replace("past.rows, all.position)", "all.position, all.position)")
    (found,) = checked(text).diagnostics
    assert found.code == "T310" and "a memory" in found.help
