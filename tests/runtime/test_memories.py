"""Memories in whole runs: read as the step began, written after it, saved, and the same for any number of processes."""

from pathlib import Path

import pytest
import torch
from attrs import evolve
from memory_specs import DAINO, HEAD, LIBRARY, SAMPLES, SUAVE, SUPERCM, plan_of
from test_resume import outcome, stopped
from torch import Tensor, nn

from ssldsl.graph.plan import Plan
from ssldsl.graph.stages import in_order
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, latest, read_part
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.memories import Memories
from ssldsl.runtime.run import Options, overridden, run
from ssldsl.runtime.smoke.plan import smoke_plan
from ssldsl.runtime.stage_setup import RunResources, data_ids, prepare
from ssldsl.runtime.train.loop import StageParts, take_step

QUIET = Options(is_progress_shown=False, keeps_state=True)
PARTS = ("weights", "optimizer", "memory")


def stage_parts(plan: Plan) -> StageParts:
    """The first stage of a plan, ready to train."""
    stage, datasets = in_order(plan)[0], Datasets(LIBRARY)
    data = {id_: datasets.samples(stage, id_) for id_ in data_ids(stage)}
    fields = sample_shapes({stream.name: data[stream.data] for stream in stage.streams})
    modules = build_modules(plan, fields, LIBRARY)
    resources = RunResources(plan, LIBRARY, modules, fields, {stage.name: data}, lambda stage, average: {}, Path())
    return prepare(resources, stage, is_new=True)


def final(plan: Plan, folder: Path) -> dict[str, Tensor]:
    """Everything that a run ends with."""
    run(plan, folder, LIBRARY, QUIET)
    last = latest(folder / "checkpoints")
    assert last is not None
    return {f"{part}/{name}": tensor for part in PARTS for name, tensor in read_part(last, part).items()}


def largest_difference(one: dict[str, Tensor], two: dict[str, Tensor]) -> float:
    assert one.keys() == two.keys()
    return max((one[key].double() - two[key].double()).abs().max().item() for key in one)


def test_a_list_has_a_queue_for_each_of_its_items_that_holds_what_its_steps_brought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brought: list[dict[str, Tensor]] = []
    writes = Memories.pending_writes
    monkeypatch.setattr(
        Memories, "pending_writes", lambda self, given: brought.append(writes(self, given)) or brought[-1]
    )
    parts = stage_parts(plan_of(SUAVE))
    for step in range(5):
        before = {name: tensor.clone() for name, tensor in parts.memories.modules.state_dict().items()}
        take_step(parts, step)
        for name in ("past/queue", "past/queue#2"):
            rows = [given[f"{name}.0"] for given in reversed(brought)]
            expected = torch.cat([*rows, torch.zeros(48, 8)])[:48]
            assert torch.equal(parts.memories.modules.state_dict()[f"{name}.rows"], expected)
            assert before[f"{name}.filled"] == 16 * step
    assert not torch.equal(brought[0]["past/queue.0"], brought[0]["past/queue#2.0"])


def test_a_queue_changes_nothing_until_it_is_full(tmp_path: Path) -> None:
    weights = {}
    for length, steps in ((48, 3), (480, 3), (48, 4), (480, 4)):
        state = final(plan_of(SUAVE, length=length, steps=steps), tmp_path / f"{length}-{steps}")
        weights[length, steps] = {name: tensor for name, tensor in state.items() if name.startswith("weights")}
    assert largest_difference(weights[48, 3], weights[480, 3]) < 1e-6
    assert largest_difference(weights[48, 4], weights[480, 4]) > 1e-4


@pytest.mark.parametrize("spec", [SUAVE, DAINO, SUPERCM, SAMPLES], ids=["suave", "daino", "supercm", "samples"])
def test_the_optimized_run_equals_the_plain_one(spec: str, tmp_path: Path) -> None:
    plain, optimized = (final(plan_of(spec, level=level), tmp_path / str(level)) for level in (0, 1))
    assert largest_difference(plain, optimized) < 1e-5


def test_parts_of_a_batch_read_one_center_and_change_it_once(tmp_path: Path) -> None:
    whole, parts = (final(plan_of(DAINO, accumulate=n), tmp_path / str(n)) for n in (1, 2))
    assert largest_difference(whole, parts) < 1e-5


@pytest.mark.parametrize("spec", [SUAVE, DAINO, SUPERCM, SAMPLES], ids=["suave", "daino", "supercm", "samples"])
def test_stopped_with_a_queue_half_and_wholly_filled_goes_on_to_the_bit(spec: str, tmp_path: Path) -> None:
    plan = plan_of(spec, accumulate=2)
    run(plan, tmp_path / "whole", LIBRARY, QUIET)
    stopped(plan, tmp_path / "stopped", 2, 3)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_centroids_are_those_that_the_labeled_rows_of_every_step_make(tmp_path: Path) -> None:
    state = final(plan_of(SUPERCM, steps=6), tmp_path / "run")
    count, value = (state[f"memory/mu/class_centroids.{name}"] for name in ("count", "value"))
    assert count.max() <= 6 and count.sum() >= 6
    assert torch.equal(value.abs().sum(dim=1) > 0, count > 0)


def test_evaluation_changes_no_memory(tmp_path: Path) -> None:
    often = plan_of(SUAVE.replace("evaluate   = {steps}it", "evaluate = 1it"))
    assert largest_difference(final(often, tmp_path / "often"), final(plan_of(SUAVE), tmp_path / "once")) == 0


def test_an_evaluation_reads_what_the_steps_left_in_a_memory() -> None:
    parts = stage_parts(plan_of(SAMPLES))
    for step in range(3):
        take_step(parts, step)
    (knn,) = (e for e in parts.stage.evaluations if e.name == "knn")
    found = parts.evaluator.read([knn], 2)
    rows = next(v for v in found.values() if v.shape == (42, 8))
    assert torch.equal(rows, parts.memories.modules["past/bank"].rows)
    assert 0 < parts.memories.modules["past/bank"].seen.sum() <= 42


def test_a_smoke_run_has_a_row_for_every_sample_that_is_made_up(tmp_path: Path) -> None:
    plan = plan_of(SAMPLES.replace(".subset(42, seed=1)", ""), steps=100)
    run(smoke_plan(plan), tmp_path / "run", LIBRARY, QUIET)
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and read_part(last, "memory")["past/bank.rows"].shape == (64, 8)


def test_a_stage_begins_with_empty_memories(tmp_path: Path) -> None:
    body = SUAVE.removeprefix(HEAD).replace("eval top1(images.test, net=trunk >> protos)", "")
    stages = [
        f"stage {name} {{{{{body.replace('{steps}', steps)}}}}}"
        for name, steps in (("one", "4"), ("two after one", "1"))
    ]
    run(plan_of("\n".join([HEAD, *stages])), tmp_path / "run", LIBRARY, QUIET)
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and last.stage == "two"
    memory = read_part(last, "memory")
    assert memory["past/queue.filled"] == 16
    assert torch.equal(memory["past/queue.rows"][16:], torch.zeros(32, 8))


HANDED_ON = """
let p      = probabilities(stop(protos(trunk(unlabeled))))
let past   = bank(trunk(draw(2, random_shift(unlabeled, 2))), unlabeled.position)
let seen   = per_sample(p, unlabeled.position)
let near   = soft_nearest_neighbors(stop(trunk(unlabeled)), past.rows, probabilities(stop(protos(past.rows))))
stage warm {{
  loss = cross_entropy(protos(trunk(labeled)), labeled.label) as ce + mean(kl(protos(trunk(unlabeled)), seen)) as te
       + mean(soft_cross_entropy(protos(trunk(unlabeled)), near)) as near
  batch = {{labeled: 8, unlabeled: 16}}
  run  = 4it
}}
stage refine[2] after warm {{
  init encoder, trunk, protos, past{more} from previous
  loss = cross_entropy(protos(trunk(labeled)), labeled.label) as ce + mean(kl(protos(trunk(unlabeled)), seen)) as te
       + mean(soft_cross_entropy(protos(trunk(unlabeled)), near)) as near
  batch = {{labeled: 8, unlabeled: 16}}
  run  = 3it
}}
"""


def ends(folder: Path) -> dict[str, dict[str, Tensor]]:
    """What the memories of every stage held at its end."""
    return {c.stage: read_part(c, "memory") for c in complete_checkpoints(folder / "checkpoints") if c.is_end}


@pytest.mark.parametrize("more", ["", ", seen"])
def test_a_memory_that_is_handed_on_goes_on_and_another_begins_empty(more: str, tmp_path: Path) -> None:
    spec = HEAD.replace("{", "{{").replace("}", "}}") + HANDED_ON
    run(plan_of(spec.replace("{more}", more)), tmp_path / "run", LIBRARY, QUIET)
    held = ends(tmp_path / "run")
    counts = [held[stage]["past/bank.seen"].sum().item() for stage in ("warm", "refine.0", "refine.1")]
    assert counts[0] == 64 < counts[1] <= 112 < counts[2] <= 160  # the passes of a stage have orders of their own
    visited = (held["refine.1"]["seen/per_sample.weight"] > 0).sum().item()
    assert visited == (counts[2] if more else 48)


@pytest.mark.slow
def test_the_compiler_follows_a_step_with_memories_and_is_not_asked_again() -> None:
    plain, compiled = stage_parts(plan_of(SUAVE)), stage_parts(plan_of(SUAVE))
    torch._dynamo.reset()
    step = torch.compile(compiled.model, backend="aot_eager", fullgraph=True)
    compiled = evolve(compiled, model=step)
    with torch._dynamo.config.patch(error_on_recompile=True):
        for number in range(5):
            take_step(plain, number)
            take_step(compiled, number)
    for one, two in (
        (plain.state.modules, compiled.state.modules),
        (plain.memories.modules, compiled.memories.modules),
    ):
        assert largest_difference(dict(one.state_dict()), dict(two.state_dict())) < 1e-5


@pytest.mark.parametrize("spec", [SUAVE, DAINO, SUPERCM, SAMPLES], ids=["suave", "daino", "supercm", "samples"])
def test_memories_hold_thirty_two_bits_whatever_the_step_computes_in(spec: str, tmp_path: Path) -> None:
    state = final(overridden(plan_of(spec), precision="bf16"), tmp_path / "run")
    memory = {
        name: tensor for name, tensor in state.items() if name.startswith("memory") and tensor.is_floating_point()
    }
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in memory.values())


def test_a_smoke_run_keeps_the_length_of_a_queue_and_shrinks_the_batch(tmp_path: Path) -> None:
    run(smoke_plan(plan_of(SUAVE, length=3840, steps=100)), tmp_path / "run", LIBRARY, QUIET)
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None
    memory = read_part(last, "memory")
    assert memory["past/queue.rows"].shape == (3840, 8) and memory["past/queue.filled"] == 3 * 4


def test_rows_of_prototypes_and_of_their_average_have_unit_length_when_a_step_runs() -> None:
    parts = stage_parts(plan_of(DAINO))
    modules, lengths = parts.state.modules, dict[str, Tensor]()

    def measure(path: str, head: nn.Module) -> None:
        lengths[path] = head.map.weight.detach().norm(dim=1)

    for path in ("protos", "teacher/protos"):
        modules[path].register_forward_pre_hook(lambda head, inputs, path=path: measure(path, head))
    for step in range(3):
        lengths.clear()
        take_step(parts, step)
        for length in lengths.values():
            torch.testing.assert_close(length, torch.ones(10))
    assert set(lengths) == {"protos", "teacher/protos"}
    assert (modules["protos"].map.weight.norm(dim=1) - 1).abs().max() > 1e-4  # the update moved them off again
