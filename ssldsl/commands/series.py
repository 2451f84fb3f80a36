"""Runs one after another in one process: of several specs, with several variants and points, from several seeds."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from attrs import frozen

from ssldsl import pipeline, processes
from ssldsl.check import Checked
from ssldsl.commands.execution import Execution, execute
from ssldsl.commands.options import USER_ERROR, say, show
from ssldsl.commands.our_error import OUR_ERROR, our_error
from ssldsl.commands.requests import label
from ssldsl.commands.requeue import begun, is_finished
from ssldsl.errors import Diagnostic, SpecError, render
from ssldsl.runtime.folder.request import Request


@frozen
class Outcome:
    """How a run of several ended: its exit code, and a line about it."""

    code: int
    text: str

    @property
    def word(self) -> str:
        """`finished`, `failed` or `stopped`."""
        return {0: "finished", USER_ERROR: "failed", OUR_ERROR: "failed"}.get(self.code, "stopped")


def run_all(wanted: Sequence[Request], parent: Path, execution: Execution) -> int:
    """Run some requests. Every one of them is checked before the first begins. Gives the exit code.

    One that fails leaves the others alone, and a summary ends with why; one that is stopped ends them all.
    """
    checked = checked_requests(wanted)
    if len(wanted) == 1:
        return _run(wanted[0], checked[0], parent, execution)
    outcomes: list[Outcome] = []
    for number, (request, result) in enumerate(zip(wanted, checked, strict=True), start=1):
        say(f"run {number} of {len(wanted)}: {_label(request, wanted)}")
        outcomes.append(_outcome(_label(request, wanted), request, result, parent, execution))
        if outcomes[-1].word == "stopped":
            break
    say(summary(outcomes))
    return max(outcome.code for outcome in outcomes)


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many runs ended how, and a line for each that did not finish."""
    counts = Counter(outcome.word for outcome in outcomes)
    words = ", ".join(f"{counts[word]} {word}" for word in ("finished", "failed", "stopped") if counts[word])
    return "\n".join([f"{len(outcomes)} runs: {words}", *(f"  {o.word}: {o.text}" for o in outcomes if o.code)])


def checked_requests(wanted: Sequence[Request]) -> list[Checked]:
    """All requests, checked: their warnings are shown, each spec's once, and the errors of all raised together."""
    checked: list[Checked] = []
    errors: dict[str, Diagnostic] = {}  # by what they say: seeds and points of one spec have the same
    warned: set[str] = set()
    for request in wanted:
        result = request.checked()
        checked.append(result)
        if result.program is None:
            errors |= {render(d): d for d in result.diagnostics if d.severity == "error"}
        elif request.spec not in warned:
            warned.add(request.spec)
            show(result.diagnostics)
    if errors:
        raise SpecError(errors.values())
    return checked


def _label(request: Request, wanted: Sequence[Request]) -> str:
    """What tells a run from the others of its command."""
    own = label(request)
    several = len({other.spec for other in wanted}) > 1
    return f"{request.spec}, {own}" if several and own != request.spec else own


def _outcome(name: str, request: Request, result: Checked, parent: Path, execution: Execution) -> Outcome:
    try:
        return Outcome(_run(request, result, parent, execution), name)
    except SpecError as error:
        if processes.has_launcher():  # the others wait for a process that goes on without them
            raise
        say(str(error))
        return Outcome(USER_ERROR, f"{name}: {error.diagnostics[0].message}")
    except Exception as error:  # a mistake of ours in one run stops no other
        if processes.has_launcher():
            raise
        return Outcome(our_error(error), f"{name}: {type(error).__name__}: {error}")


def _run(request: Request, result: Checked, parent: Path, execution: Execution) -> int:
    going_on = _agreed(lambda: begun(request, parent)) if execution.requeue else None
    if going_on is not None:
        return _go_on(going_on, execution)
    from ssldsl.runtime.folder.records import claim_folder

    experiment = pipeline.prepare(request, result)
    folder = _agreed(lambda: claim_folder(parent, experiment.name))
    assert folder is not None  # it is made, or refused
    return execute(partial(pipeline.run, experiment, folder), folder, execution)


def _go_on(folder: Path, execution: Execution) -> int:
    """A run that this command has begun before: its rest."""
    if is_finished(folder):
        say(f"the run in {folder} is finished: there is nothing left to do")
        return 0
    say(f"going on with the run in {folder}")
    return execute(partial(pipeline.resume, folder), folder, execution)


def _agreed(find: Callable[[], Path | None]) -> Path | None:
    """A folder that the first process finds, the same for all processes."""
    from accelerate.utils import broadcast_object_list

    from ssldsl.runtime.device.accelerator import join_processes

    folder = [find() if join_processes().is_main_process else None]
    broadcast_object_list(folder)
    return folder[0]
