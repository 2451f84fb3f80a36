"""Lists of networks: parameters of their own, items of terms in the records, the best of them, resumed to the bit."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of
from test_resume import outcome, stopped

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.runtime.evaluate.per_sample import correctness
from ssldsl.runtime.evaluate.ranking import Ranking
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.run import Options, run
from ssldsl.source import Source

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(64, seed=0) >> random_shift(1)
net    encoder = convnet(width=8)
head   heads[3] = linear(encoder.dim, images.classes)
loss   = mean(cross_entropy(heads(encoder(labeled)), labeled.label)) as assign
batch  = {labeled: 16}
run    = 11it
eval top1(images.test, net=encoder >> best(heads, by=assign)) as chosen
eval top1(images.test, net=encoder >> heads.0) as first
eval top1(images.test, net=encoder >> heads.1) as second
eval top1(images.test, net=encoder >> heads.2) as third
eval mean(top1(images.test, net=encoder >> heads)) as usual
"""
QUIET = Options(is_progress_shown=False, keeps_state=True)


def plan(*edits: str) -> Plan:
    return plan_of(SPEC, "precision=fp64", "evaluate=3it", *edits)


def test_each_network_has_parameters_and_first_values_of_its_own() -> None:
    modules = build_modules(plan(), {"labeled.image": (1, 8, 8)}, LIBRARY)
    assert [name for name in modules if name.startswith("heads")] == ["heads/0", "heads/1", "heads/2"]
    weights = [modules[f"heads/{i}"].map.weight for i in range(3)]
    assert not torch.equal(weights[0], weights[1]) and not torch.equal(weights[1], weights[2])


def test_the_items_of_a_term_are_recorded_and_their_mean_is_the_term(tmp_path: Path) -> None:
    run(plan(), tmp_path, LIBRARY, QUIET)
    for line in (line for line in read_lines(tmp_path)[0] if "loss" in line):
        items = [line["watch"][f"assign.{i}"] for i in range(3)]
        assert sum(items) / 3 == pytest.approx(line["loss"]["assign"], abs=1e-12)


def test_the_best_is_the_one_with_the_lowest_items_over_the_last_epoch_and_a_metric_of_all_is_their_mean(
    tmp_path: Path,
) -> None:
    run(plan(), tmp_path, LIBRARY, QUIET)
    lines = read_lines(tmp_path)[0]
    steps = {line["step"]: line["watch"] for line in lines if "watch" in line}
    for line in (line for line in lines if "eval" in line):
        end = line["step"] // 4 * 4  # of the last epoch of four steps; of the first, what there is of it
        epoch = range(end - 3, end + 1) if end else range(1, line["step"] + 1)
        means = [sum(steps[step][f"assign.{i}"] for step in epoch) for i in range(3)]
        best = ("first", "second", "third")[means.index(min(means))]
        assert line["eval"]["chosen"] == line["eval"][best]
        assert line["eval"]["usual"] == pytest.approx(sum(line["eval"][n] for n in ("first", "second", "third")) / 3)
    recorded = correctness(tmp_path, LIBRARY, metric="chosen")
    assert recorded.correct.double().mean() == pytest.approx(recorded.recorded)


@pytest.mark.parametrize("edits", [(), ("keep=lowest(chosen)",)])
def test_stopped_and_continued_the_same_network_is_the_best(tmp_path: Path, edits: tuple[str, ...]) -> None:
    run(plan(*edits), tmp_path / "whole", LIBRARY, QUIET)
    stopped(plan(*edits), tmp_path / "stopped", 2, 4)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_of_equals_the_first_is_best_and_what_is_no_number_never() -> None:
    ranking = Ranking({"assign": ("assign.0", "assign.1", "assign.2")}, 1)
    names = ["assign.0", "assign.1", "assign.2"]
    ranking.see(0, names, [[float("nan"), 1.0, 1.0]])
    assert ranking.best("assign") == 1
    ranking.see(0, names, [[0.0, 1.0, 1.0]])  # a step that was seen
    assert ranking.best("assign") == 1


def test_in_turns_the_best_is_of_the_steps_that_compute_the_term(tmp_path: Path) -> None:
    """Epochs of four steps, turns of three: some epochs compute the term in one step of theirs, some in three."""
    head, _, tail = SPEC.partition("loss   = ")
    loss, _, rest = tail.partition("\n")
    in_turns = f"""{head}
head other = linear(encoder.dim, images.classes)
update other {{ loss = ce(labeled, net=encoder >> other) }}
update heads {{ loss = {loss} }}
turns = 3it
{rest}"""
    edits = ("precision=fp64", "evaluate=2it", "run=23it", "optimizer=sgd(lr=0.3)")
    run(plan_of(in_turns, *edits), tmp_path / "whole", LIBRARY, QUIET)
    lines = read_lines(tmp_path / "whole")[0]
    steps = {line["step"]: line["watch"] for line in lines if "watch" in line}
    chosen = []
    for line in (line for line in lines if "eval" in line and line["step"] > 3):
        epochs = [range(end - 3, end + 1) for end in range(4, line["step"] + 1, 4)]  # those that are over
        ours = [[step for step in epoch if (step - 1) // 3 % 2] for epoch in epochs]
        last = next((some for some in reversed(ours) if some), range(4, line["step"] + 1))
        means = [sum(steps[step][f"assign.{i}"] for step in last) / len(last) for i in range(3)]
        chosen.append(means.index(min(means)))
        assert line["eval"]["chosen"] == line["eval"][("first", "second", "third")[chosen[-1]]], line["step"]
    assert len(set(chosen)) > 1
    stopped(plan_of(in_turns, *edits), tmp_path / "stopped", 5, 13)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_a_list_is_trained_initialized_and_grouped_under_its_name() -> None:
    text = (
        SPEC.split("loss ")[0]
        + """
stage one {
  loss  = mean(cross_entropy(heads(encoder(labeled)), labeled.label)) as assign
  batch = {labeled: 16}
  run   = 2it
}
stage two after one {
  init heads, encoder from one
  train heads
  loss   = mean(cross_entropy(heads(encoder(labeled)), labeled.label)) as assign
  groups = {heads: {lr: 0.1}, heads.1: {lr: 0.2}}
  batch  = {labeled: 16}
  run    = 2it
}
"""
    )
    last = check(Source("lists.ssl", text)).unwrap().stages[-1]
    assert last.train == ("heads.0", "heads.1", "heads.2")
    assert last.init[-1].modules == ("heads.0", "heads.1", "heads.2", "encoder")
