"""Rounds are stages: written out, numbered, each after the one before."""

import pytest

from specs import HEAD, checked, codes
from ssldsl.check import check
from ssldsl.check.resolving import resolve
from ssldsl.comparing.canonical import identity
from ssldsl.ir.program import Program
from ssldsl.source import Source

WARM = """
stage warm {
  loss = ce(labeled)
  run  = 20it
}
"""
LATER = """
stage last after refine {
  init encoder from refine.0
  init classes from refine
  loss = ce(labeled)
  run  = 5it
}
"""
BODY = "init encoder, classes from previous  loss = ce(labeled)  run = 5it"


def rounds(body: str = BODY, *, count: str = "3", above: str = "", later: str = "", **edits: tuple[str, ...]):
    return checked(f"{HEAD}{above}{WARM}\nstage refine[{count}] after warm {{ {body} }}\n{later}", **edits)


def by_hand(*bodies: str) -> Program:
    names = ["warm", *(f"refine.{i}" for i in range(len(bodies)))]
    stages = [f"stage {names[i + 1]} after {names[i]} {{ {body} }}" for i, body in enumerate(bodies)]
    return checked(f"{HEAD}{WARM}" + "\n".join(stages)).unwrap()


def test_rounds_are_stages_one_after_the_other():
    program = rounds().unwrap()
    assert [(s.name, s.after) for s in program.stages] == [
        ("warm", ()), ("refine.0", ("warm",)), ("refine.1", ("refine.0",)), ("refine.2", ("refine.1",)),
    ]  # fmt: skip


def test_previous_is_the_round_before_and_first_the_stage_that_rounds_come_after():
    program = rounds().unwrap()
    assert [[i.stage for i in s.init] for s in program.stages] == [[], ["warm"], ["refine.0"], ["refine.1"]]


def test_rounds_are_what_one_writes_out_by_hand():
    written = [BODY.replace("previous", p) for p in ("warm", "refine.0", "refine.1")]
    assert identity(rounds().unwrap()) == identity(by_hand(*written))


def test_round_counts_from_nought_in_settings_and_in_data():
    program = rounds(
        "stream more = images.train.subset(100 + 50*round)\n"
        "loss = ce(more)  run = 5it  batch = {more: 10}  optimizer = sgd(lr=0.1 * 0.5**round)"
    ).unwrap()
    assert [s.optimizer.setting("lr") for s in program.stages[1:]] == [0.1, 0.05, 0.025]
    assert [s.size.value for s in program.streams if s.name.endswith("more")] == [100, 150, 200]


def test_every_round_has_streams_of_its_own_under_the_name_that_is_written():
    program = rounds("stream more = images.train  loss = ce(more)  batch = {more: 7}  clock = more  run = 1it").unwrap()
    assert [s.batch for s in program.stages[1:]] == [((f"refine.{i}.more", 7),) for i in range(3)]


def test_a_stage_after_rounds_comes_after_the_last_and_may_name_any():
    program = rounds(later=LATER).unwrap()
    last = program.stages[-1]
    assert last.after == ("refine.2",)
    assert [(i.modules, i.stage) for i in last.init] == [(("encoder",), "refine.0"), (("classes",), "refine.2")]


def test_rounds_may_follow_rounds():
    program = rounds(later="stage again[2] after refine { " + BODY + " }").unwrap()
    assert [s.after for s in program.stages[-2:]] == [("refine.2",), ("again.0",)]
    assert [s.init[0].stage for s in program.stages[-2:]] == ["refine.2", "again.0"]


def test_networks_of_the_round_before_label_data():
    program = rounds(
        "stream pseudo = images.train.pseudo_label(previous.clf(images.train))  loss = ce(pseudo)  run = 1it",
        above="net clf = encoder >> classes\n",
    ).unwrap()
    found = [s.data.type for s in program.streams if s.data is not None and s.name.endswith("pseudo")]
    assert [getattr(type_, "provenance", "") for type_ in found] == [
        "pseudo(warm)", "pseudo(refine.0)", "pseudo(refine.1)",
    ]  # fmt: skip


def test_the_resolved_spec_is_the_same_experiment():
    outcome = rounds("stream more = images.train.subset(100 + 50*round)  " + BODY.replace("labeled", "more"))
    again = check(Source("resolved.ssl", resolve(outcome)))
    assert identity(again.unwrap()) == identity(outcome.unwrap())


@pytest.mark.parametrize(
    ("edit", "steps"),
    [("refine.run=9it", (9, 9, 9)), ("refine.1.run=9it", (5, 9, 5)), ("rounds=2", (5, 5))],
)
def test_an_edit_changes_all_rounds_or_one_or_their_number(edit: str, steps: tuple[int, ...]):
    program = rounds(count="rounds", above="param rounds = 3\n", sets=(edit,)).unwrap()
    assert tuple(s.run.value for s in program.stages[1:]) == steps


@pytest.mark.parametrize(("stages", "steps"), [("refine", (9, 9, 9)), ("refine.2", (5, 5, 9))])
def test_a_variant_of_rounds_changes_all_or_one(stages: str, steps: tuple[int, ...]):
    program = rounds(later=f"variant long ({stages}) {{ set run = 9it }}", variants=("long",)).unwrap()
    assert tuple(s.run.value for s in program.stages[1:]) == steps


def test_edits_reach_inside_rounds():
    program = rounds(
        "stream more = images.train.subset(50)  loss = ce(more) + 0.5*vat(more)  run = 5it",
        sets=("refine.more.count=60", "refine.1.loss.vat=2"), drops=("refine.2.vat",),
    ).unwrap()  # fmt: skip
    assert [s.size.value for s in program.streams if s.name.endswith("more")] == [60, 60, 60]
    assert [[(t.name, str(t.weight)) for t in s.terms] for s in program.stages[1:]] == [
        [("ce", "1"), ("vat", "0.5")],
        [("ce", "1"), ("vat", "2")],
        [("ce", "1")],
    ]


def test_a_point_of_a_sweep_may_be_a_number_of_rounds():
    assert not codes(rounds(count="n", above="param n = 2\nsweep n in [1, 3]\n"))


def test_words_of_rounds_are_ordinary_names_where_there_are_none():
    assert not codes(checked(f"{HEAD}param round = 3\n{WARM}".replace("20it", "20it optimizer = sgd(lr=0.1*round)")))


def test_a_network_of_each_round_is_one_module_that_begins_afresh():
    program = rounds("head fine = linear(encoder.dim, 10)  loss = ce(labeled, net=encoder >> fine)  run = 1it").unwrap()
    assert [m.path for m in program.modules if m.path == "fine"] == ["fine"]
    assert [[i.modules for i in s.init if i.is_afresh] for s in program.stages[1:]] == [
        [("encoder",)], [("encoder", "fine")], [("encoder", "fine")],
    ]  # fmt: skip


def test_what_comes_after_rounds_comes_after_the_last_that_is_left():
    text = f"{HEAD}{WARM}\nstage refine[3] after warm {{ {BODY} }}\n{LATER}\nvariant short {{ drop refine.2 }}\n"
    program = check(Source("t.ssl", text), variants=("short",)).unwrap()
    assert [s.name for s in program.stages] == ["warm", "refine.0", "refine.1", "last"]
    last = program.stages[-1]
    assert last.after == ("refine.1",) and {i.stage for i in last.init} == {"refine.0", "refine.1"}
