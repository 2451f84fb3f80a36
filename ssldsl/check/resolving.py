"""`resolve`: the whole experiment as a spec, nothing left implicit; what the author did not write says `# default`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from attrs import evolve

from ssldsl.check.checking import Checked
from ssldsl.check.stages.settings import MEANT, SETTINGS
from ssldsl.check.stages.spec import IMPLICIT
from ssldsl.check.stages.updates import SETTINGS as OF_AN_UPDATE
from ssldsl.check.stages.updates import SHARED
from ssldsl.ir.program import Configured, Stage, StepUpdate
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.formatter import format_text, print_statement
from ssldsl.syntax.parser import parse, parse_expression
from ssldsl.syntax.recursion import room_to_recurse
from ssldsl.syntax.walk import replaced
from ssldsl.values import literal

DEFAULT = "  # default"
METHODS = "stdlib/methods/"


@room_to_recurse()
def resolve(checked: Checked) -> str:
    """The text of the resolved spec; checking it gives the same experiment."""
    program = checked.unwrap()
    stages = {s.name: s for s in program.stages}
    lines = [f"# {edit}" for edit in program.edits]
    version = checked.file.version
    lines.append(f"ssl {version.text if version else 1}")
    if not any(isinstance(s, tree.Setting) and s.name.id == "seed" for s in checked.file.statements):
        lines.append(f"seed = {program.seed}{DEFAULT}")
    lines += _changed_methods(checked)
    for statement in checked.file.statements:
        if isinstance(statement, tree.StageDecl):
            lines += ["", *_stage_block(statement, stages[statement.name.id], checked)]
        elif isinstance(statement, tree.Setting) and statement.name.id == "seed":
            lines.append(f"seed = {program.seed}")
        elif not isinstance(statement, tree.Variant | tree.Sweep) and not _is_dropped(statement, checked):
            lines.append(_written(statement, checked, stages.get(IMPLICIT)))
    if IMPLICIT in stages and not any(isinstance(s, tree.StageDecl) for s in checked.file.statements):
        lines += _defaults(checked.file.statements, stages[IMPLICIT])
    return format_text(Source("<resolved>", "\n".join(lines) + "\n"))


def _stage_block(statement: tree.StageDecl, stage: Stage, checked: Checked) -> list[str]:
    after = f" after {', '.join(n.id for n in statement.after)}" if statement.after else ""
    kept = [s for s in statement.body if not _is_dropped(s, checked)]
    above = [s.name.id for s in checked.file.statements if isinstance(s, tree.Setting) and s.name.id in MEANT]
    inside = [_written(s, checked, stage) for s in kept] + _defaults(statement.body, stage, above)
    return [f"stage {statement.name.id}{after} {{", *(f"  {line}" for text in inside for line in text.split("\n")), "}"]


def _update_block(statement: tree.Update, checked: Checked, stage: Stage | None) -> str:
    update = next((u for u in stage.updates if u.name == statement.name.id), None) if stage is not None else None
    kept = [s for s in statement.body if not _is_dropped(s, checked)]
    inside = [_written(s, checked, stage) for s in kept] + (
        _update_defaults(statement, update, _set_by(checked, stage)) if update else []
    )
    lines = (f"  {line}" for text in inside for line in text.split("\n"))
    return "\n".join([f"update {statement.name.id} {{", *lines, "}"])


def _is_dropped(statement: tree.Statement, checked: Checked) -> bool:
    """Whether an edit has taken out what a statement watches."""
    return isinstance(statement, tree.Watch) and statement.span in checked.loss_edits.gone


def _written(statement: tree.Statement, checked: Checked, stage: Stage | None) -> str:
    if isinstance(statement, tree.Setting) and statement.name.id == "loss" and stage is not None:
        return _loss(statement, checked, stage)
    if isinstance(statement, tree.Update):
        return _update_block(statement, checked, stage)
    if isinstance(statement, tree.Def):
        statement = _definition(statement, checked)
    match statement:
        case tree.Declaration() | tree.Setting() | tree.Param() | tree.Eval() | tree.Watch():
            statement = evolve(statement, value=_filled(statement.value, checked))
    return print_statement(statement).rstrip("\n")


def _loss(statement: tree.Setting, checked: Checked, stage: Stage) -> str:
    """The loss with every call filled in, and as the edits left its terms."""
    value = _edited(statement.value, checked, [stage])
    return print_statement(evolve(statement, value=_filled(value, checked))).rstrip("\n")


def _changed_methods(checked: Checked) -> list[str]:
    """The definitions of the library of which edits changed a term, as they are now: a spec's own come first."""
    weighted = {name for _, name, _, _ in checked.loss_edits.weights}
    terms = [term for stage in checked.unwrap().stages for term in stage.terms]
    spans = [*checked.loss_edits.gone, *(term.span for term in terms if term.name in weighted)]
    sources = dict.fromkeys(span.source for span in spans if span.source.name.startswith(METHODS))
    found = [s for source in sources for s in parse(source).file.statements if isinstance(s, tree.Def)]
    changed = [s for s in found if any(_holds(s.span, span) for span in spans)]
    return [print_statement(_definition(s, checked)).rstrip("\n") for s in changed]


def _definition(statement: tree.Def, checked: Checked) -> tree.Def:
    """A definition as the edits left the terms that it writes out."""
    return evolve(statement, value=_edited(statement.value, checked, checked.unwrap().stages))


def _edited(value: tree.Expr, checked: Checked, stages: Sequence[Stage]) -> tree.Expr:
    """A sum without the terms that are in none of the stages any more, and with the weights that the edits gave."""
    terms = [(stage.name, term) for stage in stages for term in stage.terms if _holds(value.span, term.span)]
    edits = checked.loss_edits
    items = [
        item
        for item in _addends(value)
        if not any(_holds(item.span, span) for span in edits.gone)
        or any(_holds(item.span, term.span) for _, term in terms)
    ]
    for where, name, weight, _ in edits.weights:
        spans = [term.span for stage, term in terms if term.name == name and where in ("", stage)]
        items = [_weighted(item, weight) if any(_holds(item.span, s) for s in spans) else item for item in items]
    whole: tree.Expr = items[0] if items else value
    for item in items[1:]:
        whole = tree.Binary("+", whole, item, span=value.span)
    return whole


def _addends(expr: tree.Expr) -> list[tree.Expr]:
    """The terms that a sum writes out."""
    found: list[tree.Expr] = []
    while isinstance(expr, tree.Binary) and expr.op == "+":
        found[:0] = _addends(expr.right)
        expr = expr.left
    return [expr, *found]


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source == inner.source and outer.start <= inner.start and inner.end <= outer.end


def _weighted(item: tree.Expr, weight: tree.Expr) -> tree.Expr:
    """The term with another weight instead of the one that stands before it."""
    if isinstance(item, tree.Named):
        return evolve(item, value=_weighted(item.value, weight))
    term: tree.Expr = item
    while isinstance(term, tree.Binary) and term.op == "*":
        term = term.right
    return tree.Binary("*", weight, term, span=item.span)


def _filled(expr: tree.Expr, checked: Checked) -> tree.Expr:
    """The expression with the arguments that its calls left out."""
    expr = replaced(expr, lambda part: _filled(part, checked))
    if not isinstance(expr, tree.Call):
        return expr
    span = expr.span
    left_out = dict(checked.completions.get((span.source.name, span.start, span.end), []))
    named = {a.name.id for a in expr.arguments if a.name}
    added = tuple(
        tree.Argument(tree.Name(name, span=span), parse_expression(Source("<default>", value)), span=span)
        for name, value in left_out.items()
        if name not in named
    )
    return evolve(expr, arguments=(*expr.arguments, *added))


def _defaults(statements: tuple[tree.Statement, ...], stage: Stage, above: Collection[str] = ()) -> list[str]:
    """The settings of a stage that the author left out. `above`: those that are said for all stages."""
    lines = [] if stage.updates else _trained(statements, stage.train)
    said = {*above, *(OF_AN_UPDATE if stage.updates else ())}
    left = [row.name for row in SETTINGS if row.level != "spec" and row.name not in said]
    return lines + _left_out(statements, left, stage)


def _update_defaults(statement: tree.Update, update: StepUpdate, said: Collection[str]) -> list[str]:
    """The settings of an update that the author left out. `said`: what the stage says for all of its updates."""
    left = [name for name in SHARED if name not in said]
    return _trained(statement.body, update.train) + _left_out(statement.body, left, update)


def _set_by(checked: Checked, stage: Stage | None) -> set[str]:
    """The settings that a stage writes, or the file, where it is the stage itself."""
    stages = [s for s in checked.file.statements if isinstance(s, tree.StageDecl)]
    bodies = [s.body for s in stages if stage is not None and s.name.id == stage.name] or [checked.file.statements]
    return {s.name.id for s in bodies[0] if isinstance(s, tree.Setting)}


def _trained(statements: tuple[tree.Statement, ...], train: Sequence[str]) -> list[str]:
    is_said = any(isinstance(s, tree.Train) for s in statements)
    return [] if is_said else [f"train {', '.join(train)}{DEFAULT}"]


def _left_out(statements: tuple[tree.Statement, ...], names: Iterable[str], of: Stage | StepUpdate) -> list[str]:
    written = {s.name.id for s in statements if isinstance(s, tree.Setting)}
    found = ((name, getattr(of, name)) for name in names if name not in written)
    return [f"{name} = {_text(_as_written(of, v))}{DEFAULT}" for name, v in found if v not in (None, ())]


def _as_written(stage: Stage | StepUpdate, value: Any) -> Any:
    """A setting with the streams of a round under the names that it has for them."""
    own = f"{stage.name}."
    if isinstance(value, tuple):
        return tuple((str(key).removeprefix(own), item) for key, item in value)
    return value.removeprefix(own) if isinstance(value, str) else value


def _text(value: Any) -> str:
    """The value of a setting as the language writes it."""
    match value:
        case Configured():
            return f"{value.op}({', '.join(f'{k}={literal(v)}' for k, v in value.settings)})"
        case tuple():
            return "{" + ", ".join(f"{k}: {v}" for k, v in value) + "}"
        case str():
            return value
        case _:
            return literal(value)
