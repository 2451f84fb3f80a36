"""L612: where a run is counted in epochs and streams differ much, the spec says whose epochs they are."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage

MUCH = 3  # times as many steps of a pass


def chosen_clock(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent where `clock` is written or the rows of the streams are not, beside an error, and of runs in steps."""
    is_chosen = stage.place("clock") is not None or stage.place(f"batch.{stage.clock}") is None
    if reader.ctx.reporter.failed or is_chosen or stage.run.unit != "ep":
        return
    sizes = {name: reader.ctx.streams[name].size for name, _ in stage.batch if name in reader.ctx.streams}
    steps = {name: max(1, size // rows) for name, rows in stage.batch if (size := sizes.get(name)) is not None}
    longest = max(steps, key=lambda name: steps[name], default=stage.clock)
    if stage.clock in steps and steps[longest] > MUCH * steps[stage.clock]:
        size, rows = sizes[stage.clock], dict(stage.batch)[stage.clock]
        times = round(steps[longest] / steps[stage.clock])
        yield warnings.small_clock(stage.clock, size or 0, rows, longest, times, reader.place("run"))
