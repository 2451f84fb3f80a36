"""What goes wrong while training is said in terms of the spec, and the last good checkpoint stays."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from attrs import evolve
from experiments import LIBRARY, LOSS, changed, experiment, node_of, with_stage
from own_ops import no_space

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import InitPlan, Plan
from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.runtime import ledger
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.folder import checkpoint
from ssldsl.runtime.folder.checkpoint import latest
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train import loop

QUIET = Options(is_progress_shown=False, checkpoint_every=3)


def failure(plan: Plan, folder: Path, options: Options = QUIET) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        run(plan, folder, LIBRARY, options)
    (found,) = caught.value.diagnostics
    return found


def with_term(op: str, *settings: str) -> str:
    """The loss of the quickstart with one more term, an op on logits and labels."""
    return f"{LOSS} + {op}({', '.join(['classes(encoder(labeled))', 'labeled.label', *settings])}) as odd"


def test_an_infinite_loss_names_term_step_and_line(tmp_path: Path) -> None:
    plan = experiment("run=100it", loss=with_term("infinite_once_zero", "factor=1 - linear_ramp(6it)"))
    found = failure(plan, tmp_path / "run")
    assert found.code == "R401"
    assert "`odd`" in found.message and "step 7 " in found.message  # the seventh, in the window of steps 7 and 8
    assert found.span is not None and found.span.line == 9
    assert "step 6" in found.hints[0]


def test_no_checkpoint_is_written_after_a_loss_that_is_no_number(tmp_path: Path) -> None:
    plan = experiment("run=500it", loss=with_term("infinite_once_zero", "factor=1 - linear_ramp(4it)"))
    failure(plan, tmp_path / "run")  # windows of ten steps; the check at the sixth comes first
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and last.step == 3


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = loop.take_step

    def poison(parts: loop.StageParts, step: int) -> None:
        take(parts, step)
        if step == 5:
            with torch.no_grad():
                next(parts.state.modules.parameters()).fill_(float("nan"))

    monkeypatch.setattr(loop, "take_step", poison)
    found = failure(experiment("run=100it"), tmp_path / "run")
    assert found.code == "R401" and "weights `" in found.message and "step 6 " in found.message
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and last.step == 3


def test_an_op_that_fails_is_named_with_its_line(tmp_path: Path) -> None:
    found = failure(experiment(loss=with_term("confused_shapes")), tmp_path / "run")
    assert found.code == "R406"
    assert "`confused_shapes` failed at step 1" in found.message and "RuntimeError" in found.message
    assert found.span is not None and found.span.line == 9


def test_a_loss_that_is_no_single_number_is_named_with_its_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_call", lambda *arguments: None)  # as outside of tests
    monkeypatch.setattr("ssldsl.runtime.stage_setup.has_own_ops", lambda *arguments: False)  # as in a later step
    found = failure(experiment(loss=with_term("unreduced")), tmp_path / "run")
    assert found.code == "R406" and "`odd` is no single number at step 1" in found.message
    assert found.message.endswith("its shape is [8]")


def test_memory_that_ran_out_is_named_with_the_op(tmp_path: Path) -> None:
    found = failure(experiment(loss=with_term("hungry")), tmp_path / "run")
    assert found.code == "R402"
    assert "out of memory in `hungry`" in found.message
    assert "accumulate" in found.help


def test_memory_that_ran_out_between_the_ops_of_an_evaluation_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 10.00 GiB.")

    monkeypatch.setattr(Evaluator, "_joined", hungry)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == "R402" and found.message == "out of memory at step 4 of stage `main`"


def test_an_op_that_fails_while_processes_are_made_ready_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several of them try a step first, to see which parameters it leaves out."""
    monkeypatch.setattr(Accelerator, "num_processes", 2)
    found = failure(experiment(loss=with_term("hungry")), tmp_path / "run")
    assert found.code == "R402" and "out of memory in `hungry` at step 1 of stage `main`" in found.message


@pytest.mark.slow
def test_a_machine_without_a_compiler_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = pytest.importorskip("torch._inductor.config")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(config.cpp, "cxx", (None, "no-such-compiler"))
    found = failure(experiment("compile=true", loss="ce(labeled) + 0.7*rotation(all)"), tmp_path / "run")
    assert found.code == "R434" and "no-such-compiler" in found.message and "--no-compile" in found.help


def test_a_metric_that_fails_is_named(tmp_path: Path) -> None:
    plan = experiment("run=4it")
    metric = node_of(plan.stages[0], "accuracy")
    _, labels = metric.inputs
    found = failure(changed(plan, metric, inputs=(labels, labels)), tmp_path / "run")
    assert found.code == "R406" and "`accuracy` failed" in found.message


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MissingData("cifar10", [Path("/data/cifar")], "Get it there"), "R403", "/data/cifar"),
        (BrokenData("truncated", "images/7.png"), "R404", "images/7.png: truncated"),
    ],
)
def test_data_that_cannot_be_opened_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, words: str
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(Datasets, "samples", fail)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == code
    assert words in "\n".join([found.message, *found.hints])
    assert found.span is not None and found.span.text == "digits()"
    assert not (tmp_path / "run").exists()


def test_a_file_that_breaks_while_training_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give = Feed.batch_at

    def breaking(feed: Feed, step: int, part: int = 0) -> dict[str, torch.Tensor]:
        if step == 4:
            raise BrokenData("cannot be decoded", "train/9.jpg")
        return give(feed, step, part)

    monkeypatch.setattr(Feed, "batch_at", breaking)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == "R404" and found.message == "train/9.jpg: cannot be decoded"


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, saved = ledger.write_checkpoint, iter(range(100))

    def full(*arguments: Any, **settings: Any) -> Path:
        if next(saved) == 1:
            no_space()
        return write(*arguments, **settings)

    monkeypatch.setattr(ledger, "write_checkpoint", full)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == "R405" and "full" in found.message and "step 3" in found.hints[0]


def test_on_a_disk_that_stays_full_nothing_half_written_takes_up_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even how the run ended can be written then."""
    write, written = checkpoint.write_file, iter(range(100))

    def full(path: Path, content: bytes) -> None:
        is_full = next(written) > 8  # behind the lock, and the files of one checkpoint and a half
        write(path, content[: len(content) // 2] if is_full else content)
        if is_full:
            no_space()

    monkeypatch.setattr(checkpoint, "write_file", full)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == "R405" and "step 3" in found.hints[0]
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["00-main-00000003"]
    assert not list((tmp_path / "run").glob("*summary*"))


def test_a_folder_that_somebody_removed_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = loop.take_step

    def removing(parts: loop.StageParts, step: int) -> None:
        take(parts, step)
        if step == 1:
            shutil.rmtree(tmp_path / "run")

    monkeypatch.setattr(loop, "take_step", removing)
    found = failure(experiment(), tmp_path / "run")
    assert found.code == "R302" and found.message.endswith("checkpoints` cannot be written: No such file or directory")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_any_more_is_named(tmp_path: Path) -> None:
    run(experiment(), tmp_path / "run", LIBRARY, QUIET)
    (tmp_path / "run" / "metrics.csv").unlink()
    (tmp_path / "run" / "metrics.csv").mkdir()
    with pytest.raises(SpecError, match=r"R302.*metrics.csv` cannot be written: Is a directory"):
        run(experiment(), tmp_path / "run", LIBRARY, QUIET, resume=True)


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path) -> None:
    found = failure(with_stage(experiment(), accumulate=3), tmp_path / "run")
    assert found.code == "R407"


def test_fp16_without_a_gpu_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert failure(experiment("precision=fp16"), tmp_path / "run").code == "R411"


def test_an_unknown_tracker_is_refused(tmp_path: Path) -> None:
    options = Options(is_progress_shown=False, trackers=("mlflowww",))
    assert failure(experiment(), tmp_path / "run", options).code == "R412"


@pytest.mark.parametrize(
    ("plan", "options"),
    [
        (with_stage(experiment(), accumulate=3), QUIET),
        (experiment(), evolve(QUIET, trackers=("mlflowww",))),
        (with_stage(experiment(), init=(InitPlan(modules=("encoder",), file="none.safetensors"),)), QUIET),
    ],
    ids=["a batch", "a tracker", "weights"],
)
def test_what_is_refused_before_the_first_step_leaves_no_folder(tmp_path: Path, plan: Plan, options: Options) -> None:
    (tmp_path / "run").mkdir()  # as it is claimed for the run
    failure(plan, tmp_path / "run", options)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_there_stays_when_another_is_refused_in_its_place(tmp_path: Path) -> None:
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, QUIET)
    assert failure(with_stage(experiment(), accumulate=3), tmp_path / "run").code == "R409"
    assert latest(tmp_path / "run" / "checkpoints") is not None


def test_our_own_mistakes_are_not_called_the_op_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(parts: loop.StageParts, step: int) -> None:
        raise RuntimeError("not in generated code")

    monkeypatch.setattr(loop, "take_step", broken)
    with pytest.raises(RuntimeError, match="not in generated code"):
        run(experiment(), tmp_path / "run", LIBRARY, QUIET)


@contextmanager
def listened_to(number: signal.Signals) -> Iterator[None]:
    """Inside, a signal does what it does by default, also where the tests run under `nohup`, which ignores SIGHUP."""
    default = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, default)
    try:
        yield
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGHUP, 75), (signal.SIGUSR1, 75)]
)
def test_a_signal_finishes_the_step_and_writes_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    take = loop.take_step

    def interrupted(parts: loop.StageParts, step: int) -> None:
        if step == 4:
            os.kill(os.getpid(), number)
        take(parts, step)

    monkeypatch.setattr(loop, "take_step", interrupted)
    with listened_to(number):
        result = run(experiment(), tmp_path / "run", LIBRARY, Options(is_progress_shown=False))
    assert (result.status, result.exit_code, result.signal) == ("interrupted", code, number)
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None and last.step == 5


def test_a_failed_run_says_so_in_its_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.runtime.stage_setup.has_own_ops", lambda *arguments: False)  # as in a later step
    failure(experiment(loss=with_term("confused_shapes")), tmp_path / "run")
    assert '"status": "failed"' in (tmp_path / "run" / "summary.json").read_text()


@pytest.mark.parametrize(
    ("edit", "loss", "what"),
    [
        ("optimizer=sgd(lr=0.1/(cosine() - 1))", LOSS, "`lr` of the optimizer is infinite or not a number at step 1"),
        ("clip=none", f"{LOSS} + 1/(1 - linear_ramp(2it))*ce(labeled) as late", "the weight of `late` is infinite"),
    ],
    ids=["a rate", "a weight"],
)
def test_a_schedule_that_is_divided_by_nothing_is_named_by_what_reads_it(
    edit: str, loss: str, what: str, tmp_path: Path
) -> None:
    found = failure(experiment(edit, loss=loss), tmp_path)
    assert found.code == "R401" and what in found.message and found.span is not None
