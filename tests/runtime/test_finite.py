"""What is no number stops a run before it is saved or measured, and is named with what holds it and its line."""

from pathlib import Path

import pytest
import torch
from memory_specs import LIBRARY, plan_of
from test_memories import stage_parts

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.failures import StepContext
from ssldsl.runtime.folder.checkpoint import latest
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train import loop
from ssldsl.runtime.train.finite import check_finite

SPEC = """
ssl 1
data   images    = digits()
stream labeled   = images.train
net    encoder   = convnet(width=8, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
net    slow      = ema(model, momentum=0.9)
net    other     = convnet(width=8, norm="batch")
head   voices    = linear(other.dim, images.classes)
loss = ce(labeled, net=model)
batch     = 32
run       = {steps}it
evaluate  = 2it
optimizer = sgd(lr=0.1, momentum=0.9)
average   = polyak(momentum=0.9)
eval top1(images.test, net=other >> voices)
eval top1(images.test, net=slow) as of_slow
"""
NAN, INFINITE = float("nan"), float("inf")


def poisoned(where: str, value: float) -> Diagnostic | None:
    """What is said of a stage in which a tensor holds one such value."""
    parts = stage_parts(plan_of(SPEC))
    state = parts.state
    loop.take_step(parts, 0)
    tensors = {
        "weight": dict(state.modules.named_parameters()).get(
            "classes.map.weight", next(state.modules["classes"].parameters())
        ),
        "statistic": next(b for n, b in state.modules["encoder"].named_buffers() if "running_var" in n),
        "average": next(iter(state.average.average.values())) if state.average else None,
        "teacher": next(state.modules["slow/encoder"].parameters()),
        "evaluated": next(state.modules["other"].parameters()),
        "optimizer": next(iter(state.optimizers[""].state.values()))["momentum_buffer"],
    }
    with torch.no_grad():
        tensors[where].view(-1)[0] = value
    try:
        check_finite(StepContext(Path("run"), parts.stage, 1, parts.lowered), parts.plan, state)
    except SpecError as error:
        (found,) = error.diagnostics
        return found
    return None


@pytest.mark.parametrize("value", [NAN, INFINITE])
@pytest.mark.parametrize(
    ("where", "what", "line"),
    [
        ("weight", "the weights `classes.", "sgd(lr=0.1, momentum=0.9)"),
        ("statistic", "the weights `encoder.", "sgd(lr=0.1, momentum=0.9)"),
        ("average", "the averaged weights `", "sgd(lr=0.1, momentum=0.9)"),
        ("teacher", "the weights `slow/encoder.", "sgd(lr=0.1, momentum=0.9)"),
        ("evaluated", "the weights `other.", 'convnet(width=8, norm="batch")'),
        ("optimizer", "the values `momentum_buffer` that the optimizer keeps for `", "sgd(lr=0.1, momentum=0.9)"),
    ],
)
def test_what_is_no_number_is_named_with_its_line(where: str, what: str, line: str, value: float) -> None:
    found = poisoned(where, value)
    assert found is not None and found.code == "R401"
    assert found.message.startswith(what) and "after step 1 of stage `main`" in found.message
    assert found.span is not None and found.span.text == line


def test_a_network_that_is_only_evaluated_is_said_to_be_untrained() -> None:
    found = poisoned("evaluated", NAN)
    assert found is not None and "does not train `other`" in found.help


def test_numbers_are_let_through() -> None:
    assert poisoned("weight", 1e30) is None


def test_nothing_is_measured_or_saved_of_weights_that_are_no_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = loop.take_step

    def poison(parts: loop.StageParts, step: int) -> None:
        take(parts, step)
        if step == 3:
            with torch.no_grad():
                next(parts.state.modules["other"].parameters()).fill_(NAN)

    monkeypatch.setattr(loop, "take_step", poison)
    with pytest.raises(SpecError, match="the weights `other"):
        run(plan_of(SPEC), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, checkpoint_every=1))
    lines, broken = read_lines(tmp_path / "run")
    assert not broken and [line["step"] for line in lines if "eval" in line] == [2]
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and last.step == 3


def test_a_memory_that_holds_no_number_is_named_with_its_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from memory_specs import SUAVE

    take = loop.take_step

    def poison(parts: loop.StageParts, step: int) -> None:
        take(parts, step)
        assert parts.state.memories is not None
        next(iter(parts.state.memories.buffers())).fill_(NAN)

    monkeypatch.setattr(loop, "take_step", poison)
    with pytest.raises(SpecError) as caught:
        run(plan_of(SUAVE), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, checkpoint_every=1))
    (found,) = caught.value.diagnostics
    assert found.message == "the values that `queue` remembers are not numbers after step 1 of stage `main`"
    assert found.span is not None and found.span.text.startswith("queue(")
