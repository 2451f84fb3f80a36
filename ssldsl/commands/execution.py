"""How a run is carried out, which changes nothing of what comes out, and what is said when it ends."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from ssldsl import pipeline
from ssldsl.commands.options import READERS, say
from ssldsl.commands.requeue import ask_scheduler
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.run_folder import SUMMARY

if TYPE_CHECKING:  # it needs torch, and `--help` does not
    from ssldsl.runtime.run import Options, Result


@frozen
class Execution:
    """`--workers`, `--tracker`, `--checkpoint-every`, `--progress`, `--report`, `--requeue`."""

    workers: int | None
    trackers: tuple[str, ...]
    checkpoint_every: int | None
    progress: bool
    report: bool
    requeue: bool = False

    def options(self) -> "Options":
        """The same for the runtime."""
        from ssldsl.runtime.run import Options

        return Options(
            is_progress_shown=self.progress,
            trackers=self.trackers,
            workers=self.workers,
            checkpoint_every=self.checkpoint_every,
        )


def carried_out(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of an `Execution`, as `execution`."""

    @click.option(
        "--workers",
        type=READERS,
        default=None,
        help="Processes that read image files.  [default: one for every core of a process]",
    )
    @click.option(
        "--tracker",
        "trackers",
        multiple=True,
        type=click.Choice(["tensorboard", "wandb", "mlflow", "aim", "comet_ml"]),
        help="Also log there.",
    )
    @click.option(
        "--checkpoint-every", default=None, metavar="STEPS", type=click.IntRange(min=1), help="[default: every epoch]"
    )
    @click.option("--progress/--no-progress", default=True, help="Show a progress bar.")
    @click.option("--report/--no-report", default=True, help="Write report.html into the run folder.")
    @click.option(
        "--requeue", is_flag=True, help="Go on with what this command has begun; under Slurm, requeue at SIGUSR1."
    )
    @wraps(command)
    def wrapper(
        *args: Any,
        workers: int | None,
        trackers: tuple[str, ...],
        checkpoint_every: int | None,
        progress: bool,
        report: bool,
        requeue: bool,
        **kwargs: Any,
    ) -> Any:
        execution = Execution(workers, trackers, checkpoint_every, progress, report, requeue)
        return command(*args, execution=execution, **kwargs)

    return wrapper


def execute(start: Callable[["Options"], "Result"], folder: Path, execution: Execution) -> int:
    """Carry out a run in a folder, say how it ended and write its report, also where it failed. Gives the exit code."""
    from ssldsl.runtime.device.accelerator import join_processes

    try:
        result = start(execution.options())
    except SpecError:
        if execution.report and join_processes().is_main_process and (folder / SUMMARY).exists():
            with suppress(SpecError):  # why the run failed is said, and not why its page cannot be written
                _report(folder)
        raise
    if join_processes().is_main_process:
        _conclude(result, folder, execution)
        if execution.requeue:
            ask_scheduler(result.signal)
    return result.exit_code


def _conclude(result: "Result", folder: Path, execution: Execution) -> None:
    """Say how a run ended and where its folder is; the folder alone goes to stdout."""
    if result.status == "interrupted":
        say(f"stopped; continue with `ssldsl resume {folder}`")
    for stage, metrics in result.metrics.items():
        shown = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items() if isinstance(value, float))
        if shown:
            say(f"{stage}: {shown}")
    if execution.report:
        _report(folder)
    click.echo(folder)


def _report(folder: Path) -> None:
    from ssldsl.runtime.failures import explaining_disk

    with explaining_disk(folder):
        say(f"report: {pipeline.report(folder)}")
