"""The training loop: accumulation, clipping, averages, stages, exports. Expected numbers come from plain PyTorch."""

import math
from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, experiment, stateful, two_stages, with_stage
from safetensors.torch import load_file
from torch import nn

from ssldsl.graph.plan import CurvePlan, OpPlan, Plan
from ssldsl.runtime.console.progress import epoch_text
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, read_part
from ssldsl.runtime.folder.export import export
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.nets.averages import equal_keep, half_life_keep, stage_average
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.run import Options, overridden, run
from ssldsl.runtime.train import loop
from ssldsl.runtime.train.loop import StageParts, is_evaluation_due, window_length
from ssldsl.runtime.train.optimizer import make_optimizer

QUIET = Options(is_progress_shown=False)
GENTLE = "optimizer=sgd(lr=0.1, momentum=0.9)"  # at such rates rounding does not grow


def weights(folder: Path, stage: str = "main", part: str = "weights") -> dict[str, torch.Tensor]:
    end = next(c for c in complete_checkpoints(folder / "checkpoints") if c.stage == stage and c.is_end)
    return read_part(end, part)


def trained(plan: Plan, folder: Path) -> dict[str, torch.Tensor]:
    run(plan, folder, LIBRARY, QUIET)
    return weights(folder)


def largest_difference(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    assert one.keys() == two.keys()
    return max((one[name].double() - two[name].double()).abs().max().item() for name in one)


def test_accumulated_parts_make_the_step_of_the_whole_batch(tmp_path: Path) -> None:
    whole = trained(experiment("run=2it", GENTLE), tmp_path / "whole")
    parts = trained(experiment("run=2it", "accumulate=4", GENTLE), tmp_path / "parts")
    assert largest_difference(whole, parts) < 1e-5
    lines = [read_lines(tmp_path / name)[0][0] for name in ("whole", "parts")]
    assert lines[0]["total"] == pytest.approx(lines[1]["total"], abs=1e-5)


def test_the_gradient_is_clipped_to_the_norm(tmp_path: Path) -> None:
    plain = ("run=1it", "optimizer=sgd(lr=1)")
    moved = trained(experiment(*plain, "clip=0.01"), tmp_path / "run")
    start: dict[str, torch.Tensor] = {}
    _keep_first_weights(start, experiment(*plain), tmp_path / "start")
    length = math.sqrt(sum((moved[name] - start[name]).double().square().sum().item() for name in moved))
    assert length == pytest.approx(0.01, rel=1e-3)


def _keep_first_weights(start: dict[str, torch.Tensor], plan: Plan, folder: Path) -> None:
    take = loop.take_step

    def keeping(parts: StageParts, step: int) -> None:
        if step == 0:
            start.update({name: t.detach().clone() for name, t in parts.state.modules.state_dict().items()})
        take(parts, step)

    loop.take_step = keeping
    try:
        run(plan, folder, LIBRARY, QUIET)
    finally:
        loop.take_step = take


def test_polyak_shadow_of_the_weights_follows_the_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shadows: dict[str, torch.Tensor] = {}
    take, keep = loop.take_step, 0.5 ** (1 / 3)

    def shadowing(parts: StageParts, step: int) -> None:
        live = dict(parts.state.modules.named_parameters())
        if step == 0:
            shadows.update({n: p.detach().double() for n, p in live.items() if p.requires_grad})
        take(parts, step)
        for name in shadows:
            shadows[name] = keep * shadows[name] + (1 - keep) * live[name].detach().double()

    monkeypatch.setattr(loop, "take_step", shadowing)
    run(stateful("run=5it"), tmp_path / "run", LIBRARY, QUIET)
    found = weights(tmp_path / "run", part="average")
    assert largest_difference({name: found[name] for name in shadows}, shadows) < 1e-6
    assert not any("teacher" in name for name in found)


@pytest.mark.parametrize(("momentum", "expected"), [(0.5, [2.0, 5.0]), ({"schedule": 0}, [4.0, 7.0])])
def test_polyak_takes_a_momentum_that_is_a_number_or_a_schedule(momentum: object, expected: list[float]) -> None:
    ramp = CurvePlan(op="linear_ramp", settings={"length": 4.0})  # 0, then 1/4
    scalars = Scalars(with_stage(experiment(), schedules=(ramp,)).stages[0], LIBRARY)
    live = {"w": torch.nn.Parameter(torch.zeros(1), requires_grad=False)}
    average = stage_average(OpPlan(op="polyak", settings={"momentum": momentum}), live, scalars.resolve)
    found = []
    for step, weight in enumerate([4.0, 8.0]):
        live["w"].fill_(weight)
        average.update(step, 12)
        found.append(average.average["w"].item())
    assert found == expected


def test_an_average_with_momentum_is_kept_by_a_run(tmp_path: Path) -> None:
    run(stateful("run=2it", "average=polyak(momentum=0.9)"), tmp_path / "run", LIBRARY, QUIET)
    average, last = (weights(tmp_path / "run", part=part) for part in ("average", "weights"))
    assert average and any(not torch.equal(tensor, last[name]) for name, tensor in average.items())


def test_a_teacher_follows_its_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected: list[torch.Tensor] = []
    take = loop.take_step

    def following(parts: StageParts, step: int) -> None:
        student = next(parts.state.modules["encoder"].parameters())
        teacher = next(parts.state.modules["teacher"].parameters())
        if step == 0:
            assert torch.equal(student, teacher)
            expected.append(student.detach().double())
        take(parts, step)
        expected[0] = 0.9 * expected[0] + 0.1 * student.detach().double()
        assert torch.allclose(teacher.double(), expected[0], atol=1e-6)
        assert not teacher.requires_grad

    monkeypatch.setattr(loop, "take_step", following)
    run(stateful("run=5it"), tmp_path / "run", LIBRARY, QUIET)


def test_averaging_equally_gives_the_mean_of_the_weights_since_the_start() -> None:
    keep = equal_keep(2, 1)
    average, seen = 0.0, []
    for step, weight in enumerate([5.0, 1.0, 2.0, 6.0]):
        share = keep(step, 4)
        assert share is not None
        average = share * average + (1 - share) * weight
        seen.append(average)
    assert seen == pytest.approx([5.0, 1.0, 1.5, 3.0])  # from the second step on, that one counts as the first


def test_averaging_every_other_step_skips_the_ones_between() -> None:
    keep = equal_keep(1, 2)
    assert [keep(step, 6) for step in range(5)] == [0.0, None, 0.5, None, pytest.approx(2 / 3)]


def test_half_life_of_an_epoch_of_a_thousand_steps() -> None:
    assert half_life_keep(1000)(0, 1) == pytest.approx(0.9993070930, abs=1e-9)  # S4L, section 13 of the notes


def test_a_stage_begins_with_the_weights_that_init_names(tmp_path: Path) -> None:
    start: dict[str, torch.Tensor] = {}
    take = loop.take_step
    plan = two_stages(steps=3)

    def keeping(parts: StageParts, step: int) -> None:
        if parts.stage.name == "second" and step == 0:
            start.update({name: t.detach().clone() for name, t in parts.state.modules.state_dict().items()})
        take(parts, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "take_step", keeping)
        run(plan, tmp_path / "run", LIBRARY, QUIET)
    before = weights(tmp_path / "run", "main")
    same = {name for name in start if torch.equal(start[name], before[name])}
    assert same == {name for name in start if name.startswith("encoder.")}


def test_a_stage_can_begin_with_the_average_of_another(tmp_path: Path) -> None:
    plan = two_stages("main.run=3it", "second.run=1it", "main.average=polyak(half_life=2it)", origin="main.average")
    start: dict[str, torch.Tensor] = {}
    take = loop.take_step

    def keeping(parts: StageParts, step: int) -> None:
        if parts.stage.name == "second":
            start.update({name: t.detach().clone() for name, t in parts.state.modules["encoder"].state_dict().items()})
        take(parts, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "take_step", keeping)
        run(plan, tmp_path / "run", LIBRARY, QUIET)
    average = weights(tmp_path / "run", part="average")
    assert all(torch.equal(tensor, average[f"encoder.{name}"]) for name, tensor in start.items())


def test_settings_of_a_group_win_and_follow_their_own_schedule() -> None:
    plan = experiment(
        "optimizer=sgd(lr=cosine(), weight_decay=0.5)",
        "groups={classes: {lr: linear_ramp(12it), weight_decay: 0.25}}",
    )
    stage = plan.stages[0]
    scalars = Scalars(stage, LIBRARY)
    groups = [{"path": p, "names": ["w"], "params": [nn.Parameter(torch.ones(1))]} for p in ("encoder", "classes")]
    optimizer, rates = make_optimizer(stage, groups, scalars, LIBRARY)
    rates.set(scalars.at(6))
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.5, 0.5])
    rates.set(scalars.at(12))
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.0, 1.0])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.25]


def test_exported_weights_need_torch_alone(tmp_path: Path) -> None:
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, QUIET)
    files = export(tmp_path / "run", tmp_path / "out")
    assert sorted(path.name for path in files) == [
        "classes.safetensors",
        "encoder.safetensors",
        "rotation.angles.safetensors",
    ]
    head = nn.Linear(32, 4)
    state = load_file(tmp_path / "out" / "rotation.angles.safetensors")
    head.load_state_dict({name.removeprefix("map."): tensor for name, tensor in state.items()})


def test_exported_weights_are_the_averaged_ones(tmp_path: Path) -> None:
    run(stateful("run=3it"), tmp_path / "run", LIBRARY, QUIET)
    export(tmp_path / "run", tmp_path / "average")
    export(tmp_path / "run", tmp_path / "plain", average=False)
    name = "map.weight"
    assert torch.equal(
        load_file(tmp_path / "average" / "classes.safetensors")[name],
        weights(tmp_path / "run", part="average")[f"classes.{name}"],
    )
    assert torch.equal(
        load_file(tmp_path / "plain" / "classes.safetensors")[name], weights(tmp_path / "run")[f"classes.{name}"]
    )


def test_overrides_change_the_seed_and_every_stage() -> None:
    plan = overridden(two_stages(), seed=7, precision="bf16", compile=True)
    assert plan.seed == 7
    assert [(stage.precision, stage.compile) for stage in plan.stages] == [("bf16", True)] * 2
    assert overridden(two_stages()) == two_stages()


def test_bf16_trains(tmp_path: Path) -> None:
    run(experiment("run=3it", "precision=bf16", GENTLE), tmp_path / "run", LIBRARY, QUIET)
    exact = trained(experiment("run=3it", GENTLE), tmp_path / "exact")
    near = weights(tmp_path / "run")
    assert all(tensor.dtype == torch.float32 for tensor in near.values())
    assert 0 < largest_difference(exact, near) < 0.1


def test_seeds_give_different_runs(tmp_path: Path) -> None:
    one, two = (trained(experiment("run=1it", seed=seed), tmp_path / str(seed)) for seed in (0, 1))
    assert largest_difference(one, two) > 1e-3


def test_lines_are_written_where_there_is_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(experiment("run=4it"), tmp_path / "run", LIBRARY, Options())
    text = capsys.readouterr().err
    assert "stage main: 4 steps, 1 epochs of `unlabeled`" in text
    assert "images/s" in text and "top1" in text and "vat" in text


def test_metrics_are_due_as_often_as_the_stage_says_and_at_its_end() -> None:
    stage = experiment("run=10it").stages[0]
    assert [done for done in range(1, 11) if is_evaluation_due(stage, done)] == [4, 8, 10]


@pytest.mark.parametrize(("steps", "length"), [(3, 1), (450, 9), (100_000, 50)])
def test_windows_of_the_records(steps: int, length: int) -> None:
    assert window_length(with_stage(experiment(), steps=steps).stages[0]) == length


@pytest.mark.parametrize(("done", "epoch"), [(0, "1/3"), (1, "1/3"), (4, "1/3"), (5, "2/3"), (12, "3/3")])
def test_the_epoch_shown_is_the_one_of_the_last_step(done: int, epoch: str) -> None:
    assert epoch_text(experiment().stages[0], done) == f"epoch {epoch}"
