"""L601: a ramp longer than the run never completes, and what begins after its end never begins."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Combined, Curve, Duration, Setting
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.source import Span


def never_completes(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Lengths of schedules, and settings that say when something begins."""
    varying = [(t.weight, t.span) for t in stage.terms]
    for update in stage.each_update:
        place = dict(update.places).get("optimizer", reader.place("optimizer"))
        varying += [(value, place) for _, value in update.optimizer.settings]
    for value, place in varying:
        for curve in _curves(value):
            settings = dict(curve.settings)
            length = settings.get("length")
            if _outlasts(length, stage.run) and not settings.get("beyond"):
                yield warnings.never_completes(curve.op, str(length), str(stage.run), curve.span or place)
    for name, start, place in _starts(stage, reader):
        if _outlasts(start, stage.run):
            yield warnings.never_begins(name, str(start), str(stage.run), place)


def _starts(stage: Stage, reader: Reader) -> Iterator[tuple[str, Setting, Span]]:
    """What waits for a part of the run: frozen groups, averages, memories."""
    for update in stage.each_update:
        place = dict(update.places).get("groups", reader.place("groups"))
        waits = [value for _, settings in update.groups for name, value in settings if name == "freeze"]
        yield from (("freeze", value, place) for value in waits)
    if stage.average is not None:
        yield "start", stage.average.setting("start"), reader.place("average")
    for node in ancestors(stage.step_roots):
        if node.op in reader.ctx.signatures:
            yield "start", node.setting("start"), reader.written_at(node)


def _curves(scalar: object) -> list[Curve]:
    """Every schedule inside a number that changes with time."""
    if isinstance(scalar, Curve):
        return [scalar, *(curve for _, setting in scalar.settings for curve in _curves(setting))]
    if isinstance(scalar, Combined):
        return [*_curves(scalar.left), *_curves(scalar.right)]
    return []


def _outlasts(value: Setting, run: Duration) -> bool:
    """Whether a time is longer than the run, as far as that can be said without knowing how long a pass is."""
    if not isinstance(value, Duration):
        return False
    return value.value > (100 if value.unit == "%" else run.value) and value.unit in ("%", run.unit)
