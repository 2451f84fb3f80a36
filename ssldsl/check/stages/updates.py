"""The updates of a step: each with terms, networks that it trains, and an optimizer of its own."""

from attrs import evolve

from ssldsl.check.evaluate import declarations
from ssldsl.check.messages import names, stages
from ssldsl.check.stages.choices import read_clip
from ssldsl.check.stages.training import read_groups, read_optimizer, read_train
from ssldsl.check.state.context import StageDraft
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.scope import Scope
from ssldsl.ir.program import StepUpdate, Term
from ssldsl.syntax import tree

SETTINGS = ("loss", "optimizer", "groups", "clip")  # what may be set in an update
SHARED = ("optimizer", "groups", "clip")  # and in its stage, for all of its updates that do not say otherwise


def readers(reader: Reader) -> tuple[Reader, ...]:
    """A reader for each update that a stage names, in order; what cannot stand beside them is reported."""
    if "updates" not in reader.found:
        written = [s for s in reader.body if isinstance(s, tree.Update)]
        if written:
            _report_beside(reader)
        reader.found["updates"] = tuple(_readers(reader, written))
    found: tuple[Reader, ...] = reader.found["updates"]
    return found


def _readers(reader: Reader, written: list[tree.Update]) -> list[Reader]:
    found: list[Reader] = []
    takes_turns = "turns" in reader.settings
    for statement in written:
        twin = next((r for r in found if r.part == statement.name.id), None)
        if twin is not None:
            reader.report(names.declared_twice(statement.name.id, statement.name.span, twin.span))
            continue
        outer = reader.scope if takes_turns or not found else found[-1].scope
        scope = Scope(parent=outer, round=reader.scope.round, update=len(found))
        found.append(
            evolve(
                reader,
                body=statement.body,
                scope=scope,
                settings=_settings(reader, statement),
                span=statement.name.span,
                places={},
                found={},
                part=statement.name.id,
            )
        )
    return found


def _settings(reader: Reader, update: tree.Update) -> dict[str, tree.Setting]:
    """The settings of an update: its own, and those of the stage that hold for it, too."""
    found: dict[str, tree.Setting] = {}
    for statement in (s for s in update.body if isinstance(s, tree.Setting)):
        name = statement.name.id
        if name in found:
            reader.report(names.set_twice(name, statement.name.span, found[name].name.span))
        elif name in SETTINGS:
            found[name] = statement
        elif name in reader.defaults:
            reader.report(stages.outside_of_updates(name, statement.name.span))
        else:
            reader.report(names.no_setting(name, SETTINGS, statement.name.span))
    return {**{name: s for name, s in reader.settings.items() if name in SHARED}, **found}


def _report_beside(reader: Reader) -> None:
    """What a stage of several updates cannot say itself."""
    loss = reader.settings.get("loss")
    trains = [s.span for s in reader.body if isinstance(s, tree.Train)]
    for word, span in [*([("loss", loss.name.span)] if loss else []), *(("train", span) for span in trains)]:
        reader.report(stages.beside_updates(word, span))


def begin(reader: Reader, stage: StageDraft, number: int) -> None:
    """Go on to an update: its names, with the values that it sees."""
    stage.update = number
    declarations.declare(reader.ctx, reader.body, reader.scope)


def end(reader: Reader, stage: StageDraft) -> None:
    """Leave an update, all of whose declarations are read, with the networks that it trains changed."""
    declarations.read_all(reader.ctx, reader.scope)
    stage.updates.append(reader.ctx.owners(read_train(reader) or ()) if not stage.takes_turns else frozenset())


def read_updates(reader: Reader) -> tuple[StepUpdate, ...]:
    """The updates, once their terms are known."""
    return tuple(_update(update) for update in readers(reader))


def _update(reader: Reader) -> StepUpdate:
    reader.found["optimizer"] = optimizer = read_optimizer(reader, "optimizer")
    return StepUpdate(
        name=reader.part,
        train=read_train(reader) or (),
        optimizer=optimizer,
        groups=read_groups(reader, "groups"),
        clip=read_clip(reader, "clip"),
        span=reader.span,
        places=(*((name, setting.value.span) for name, setting in reader.settings.items()), *reader.places.items()),
    )


def spread(reader: Reader, terms: list[Term]) -> None:
    """Tell each update its own terms, of all of which names and edits are known; report those that edits left none."""
    updates = readers(reader)
    for number, update in enumerate(updates):
        update.found["loss"] = [term for term in terms if term.update == number]
        update.found.pop("train", None)  # what the terms that are left reach
        if not update.found["loss"]:
            reader.report(stages.update_without_terms(update.part, update.span))
    if updates:
        reader.found["train"] = _trained(updates)


def _trained(updates: tuple[Reader, ...]) -> tuple[str, ...] | None:
    """What any of the updates trains; nothing where names of one are wrong."""
    each = [read_train(update) for update in updates]
    return None if None in each else tuple(dict.fromkeys(path for paths in each for path in paths or ()))
