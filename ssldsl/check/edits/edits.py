"""Ablation as typed edits of the tree: `set a.b = v`, `drop loss.vat`, from a variant, a sweep or the command line."""

from collections.abc import Callable, Collection, Iterable, Sequence

from attrs import evolve

from ssldsl.check.edits.argument_slots import ArgumentSlots
from ssldsl.check.edits.statements import KINDS, edited
from ssldsl.check.edits.updates import addressed as addressed_update
from ssldsl.check.messages import names as name_messages
from ssldsl.check.messages import rounds as round_messages
from ssldsl.check.messages import stages as stage_messages
from ssldsl.check.stages.settings import ABOVE_STAGES, DEFAULTS, MEANT, OF_A_STAGE
from ssldsl.check.stages.updates import SETTINGS as OF_AN_UPDATE
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.reporter import Reporter
from ssldsl.check.state.rounds import rounds_of, split_round
from ssldsl.errors import did_you_mean
from ssldsl.ops.library import Library
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.syntax.walk import children, replaced

Edit = tree.SetEdit | tree.DropEdit
Statements = tuple[tree.Statement, ...]


def variant_edits(file: tree.File, names: Sequence[tuple[str, Span | None]], reporter: Reporter) -> list[Edit]:
    """The edits of some variants of the file, in order, those they extend first."""
    variants = {s.name.id: s for s in file.statements if isinstance(s, tree.Variant)}
    stages = [s.name.id for s in file.statements if isinstance(s, tree.StageDecl)]
    edits: list[Edit] = []

    def add(name: str, span: Span | None, trail: tuple[str, ...]) -> None:
        variant = variants.get(name)
        if variant is None:
            reporter.report(name_messages.no_variant(name, variants, span or file.span))
            return
        if name in trail:
            circle = [variants[n] for n in trail[trail.index(name) :]]
            first = min(circle, key=lambda v: v.span.start)
            reporter.report(name_messages.extends_itself(first.name.id, first.name.span))
            return
        if variant.extends is not None:
            add(variant.extends.id, variant.extends.span, (*trail, name))
        edits.extend(_limited(variant, stages, reporter))

    for name, span in names:
        add(name, span, ())
    return edits


def _limited(variant: tree.Variant, stages: list[str], reporter: Reporter) -> list[Edit]:
    """The edits of one variant; where it names stages, each edit once a stage."""
    if not variant.stages:
        return list(variant.edits)
    for stage in variant.stages:
        if not _is_known(stage.id, stages):
            reporter.report(stage_messages.no_stage(stage.id, stages, stage.span))
    known = [s for s in variant.stages if _is_known(s.id, stages)]
    return [
        evolve(edit, path=(evolve(stage, span=edit.path[0].span), *edit.path))
        for edit in variant.edits
        for stage in known
    ]


def _is_known(stage: str, stages: list[str]) -> bool:
    """Whether a variant may name a stage: one that is declared, or a round of one."""
    split = split_round(stage)
    return stage in stages or (split is not None and split[0] in stages)


def _place(edit: Edit) -> Span:
    """Where the path of an edit is written."""
    return edit.path[0].span.to(edit.path[-1].span)


def apply(file: tree.File, edits: Iterable[Edit], reporter: Reporter, library: Library) -> tuple[tree.File, LossEdits]:
    """The file with the edits made. Edits of loss terms are kept for when the terms are known."""
    terms = LossEdits()
    slots = ArgumentSlots(file, library)
    for edit in edits:
        file = _apply_one(file, edit, terms, reporter, slots)
    return file, terms


def _apply_one(file: tree.File, edit: Edit, terms: LossEdits, reporter: Reporter, slots: ArgumentSlots) -> tree.File:
    """The file with one edit made; with an edit of all rounds of a stage, in each of them."""
    rounds = rounds_of(file)
    split = split_round(edit.path[0].id)
    if len(edit.path) > 1 and edit.path[0].id in rounds and edit.path[1].id.isdigit():
        first, number = edit.path[:2]
        split = first.id, int(number.id)
        edit = evolve(edit, path=(tree.Name(f"{first.id}.{number.id}", span=_place(edit)), *edit.path[2:]))
    names = [stage.name.id for stage in rounds.get(split[0] if split else edit.path[0].id, ())]
    if split is None:
        for name in names:
            each = evolve(edit, path=(evolve(edit.path[0], id=name), *edit.path[1:]))
            file = _apply_to_stage(file, each, terms, reporter, slots)
        return file if names else _apply_to_stage(file, edit, terms, reporter, slots)
    if edit.path[0].id in names:
        return _apply_to_stage(file, edit, terms, reporter, slots)
    reporter.report(round_messages.no_round(edit.path[0].id, names, edit.path[0].span))
    return file


def _apply_to_stage(
    file: tree.File, edit: Edit, terms: LossEdits, reporter: Reporter, slots: ArgumentSlots
) -> tree.File:
    stages = {s.name.id: s for s in file.statements if isinstance(s, tree.StageDecl)}
    stage, path = _addressed(edit.path, stages)
    body = stages[stage].body if stage else file.statements
    if (within := addressed_update(body, edit, path)) is not None:
        return _edit_update(file, edit, stage, within, path, terms, reporter, slots)
    if path[0].id == "loss" and len(path) > 1:
        return _edit_term(file, edit, stage, path[1:], terms, reporter, slots)
    if isinstance(edit, tree.DropEdit) and len(path) == 1 and not stage and path[0].id in stages:
        return evolve(file, statements=tuple(s for s in file.statements if s is not stages[path[0].id]))
    if len(path) == 1 and path[0].id in KINDS and (stage or not stages):
        return _edit_networks(file, edit, stage, path[0].id, reporter)
    if isinstance(edit, tree.DropEdit) and len(path) == 1 and path[0].id not in DEFAULTS:
        terms.drops.append((stage, path[0].id, _place(edit)))
        return file
    changed = _edit_statements(body, edit, path, DEFAULTS if stage or not stages else _above(stages.values()), slots)
    if changed is not None:
        return _with_body(file, stage, changed) if stage else evolve(file, statements=changed)
    inside = _edit_calls(file, edit, stage, path, slots)
    if inside is not None:
        return inside
    _no_such(file, edit, path, stage, reporter)
    return file


def _above(stages: Iterable[tree.StageDecl]) -> list[str]:
    """What an edit may set for all stages: what none of them says itself, if it is part of what is meant."""
    return [name for name in ABOVE_STAGES if name not in MEANT or not any(_sets(s, name) for s in stages)]


def _edit_update(
    file: tree.File,
    edit: Edit,
    stage: str,
    update: tree.Update,
    path: tuple[tree.Name, ...],
    terms: LossEdits,
    reporter: Reporter,
    slots: ArgumentSlots,
) -> tree.File:
    """The file with an update taken out, or with a setting or a term of it changed."""
    rest = path[1:]
    is_term = bool(rest) and isinstance(edit, tree.DropEdit) and rest[0].id not in (*OF_AN_UPDATE, *KINDS)
    if is_term or (len(rest) > 1 and rest[0].id == "loss"):
        return _edit_term(file, edit, stage, rest if is_term else rest[1:], terms, reporter, slots)
    if not rest:
        made: Statements | None = ()
    elif rest[0].id in KINDS:
        made = edited(update.body, edit, rest[0].id)
    else:
        made = _edit_statements(update.body, edit, rest, OF_AN_UPDATE, slots)
    if made is None:
        _no_such(file, edit, path, stage, reporter)
        return file
    body = next((s.body for s in file.statements if isinstance(s, tree.StageDecl) and s.name.id == stage), None)
    whole = file.statements if body is None else body
    kept = (evolve(update, body=made),) if rest else ()
    changed = tuple(new for s in whole for new in (kept if s is update else (s,)))
    return evolve(file, statements=changed) if body is None else _with_body(file, stage, changed)


def _addressed(path: tuple[tree.Name, ...], stages: Collection[str]) -> tuple[str, tuple[tree.Name, ...]]:
    """The stage that a path names, and what it means in it. A spec without stages is itself the stage `main`."""
    if path[0].id in stages and len(path) > 1:
        return path[0].id, path[1:]
    if path[0].id == "main" and not stages and len(path) > 1:
        return "", path[1:]
    return "", path


def _with_body(file: tree.File, stage: str, body: Statements) -> tree.File:
    return evolve(
        file,
        statements=tuple(
            evolve(s, body=body) if isinstance(s, tree.StageDecl) and s.name.id == stage else s for s in file.statements
        ),
    )


def _edit_networks(file: tree.File, edit: Edit, stage: str, word: str, reporter: Reporter) -> tree.File:
    """The stage, or the spec of one stage, with what it trains or takes over changed."""
    body = next((s.body for s in file.statements if isinstance(s, tree.StageDecl) and s.name.id == stage), None)
    changed = edited(file.statements if body is None else body, edit, word)
    if changed is None:
        _no_such(file, edit, edit.path[-1:], stage, reporter)
        return file
    return evolve(file, statements=changed) if body is None else _with_body(file, stage, changed)


def _edit_term(
    file: tree.File,
    edit: Edit,
    stage: str,
    path: tuple[tree.Name, ...],
    terms: LossEdits,
    reporter: Reporter,
    slots: ArgumentSlots,
) -> tree.File:
    term = path[0].id
    rest = path[1:]
    if isinstance(edit, tree.DropEdit) and not rest:
        terms.drops.append((stage, term, _place(edit)))
        return file
    if isinstance(edit, tree.SetEdit) and (not rest or rest[0].id == "weight"):
        terms.weights.append((stage, term, edit.value, _place(edit)))
        return file
    inside = _edit_calls(file, edit, stage, path, slots)
    if inside is not None:
        return inside
    _no_such(file, edit, path, stage, reporter)
    return file


def _edit_statements(
    statements: Statements, edit: Edit, path: tuple[tree.Name, ...], addable: Collection[str], slots: ArgumentSlots
) -> Statements | None:
    """Change the statement that the path names; a setting that is not there yet is added."""
    name, rest = path[0].id, path[1:]
    for i, statement in enumerate(statements):
        if not isinstance(statement, tree.Declaration | tree.Param | tree.Setting) or statement.name.id != name:
            continue
        if isinstance(edit, tree.DropEdit):
            if isinstance(statement, tree.Setting) and not rest:
                return statements[:i] + statements[i + 1 :]
            return None
        value = edit.value if not rest else _with_argument(statement.value, rest, edit, slots)
        return None if value is None else (*statements[:i], evolve(statement, value=value), *statements[i + 1 :])
    if isinstance(edit, tree.SetEdit) and not rest and name in addable:
        return (*statements, tree.Setting(path[0], edit.value, span=edit.span))
    return None


def _with_argument(
    expr: tree.Expr, path: tuple[tree.Name, ...], edit: tree.SetEdit, slots: ArgumentSlots
) -> tree.Expr | None:
    """`optimizer.lr`, `encoder.width`, `batch.labeled`: one argument of a call, or one entry of a map, replaced."""
    name = path[0].id
    if isinstance(expr, tree.MapExpr):
        ids = [part.id for part in path]
        for i, entry in enumerate(expr.entries):
            key = entry.key.id.split(".")
            if ids[: len(key)] == key:
                rest = path[len(key) :]
                value = _with_argument(entry.value, rest, edit, slots) if rest else edit.value
                if value is None:
                    return None
                return evolve(expr, entries=(*expr.entries[:i], evolve(entry, value=value), *expr.entries[i + 1 :]))
        added = tree.MapEntry(path[0], edit.value, span=edit.span)
        return evolve(expr, entries=(*expr.entries, added)) if len(path) == 1 else None
    if len(path) != 1:
        return None
    calls = _calls(expr)
    holders = [c for c in calls if any(a.name and a.name.id == name for a in c.arguments)]
    holders = holders or [c for c in calls if slots.index(c, name) is not None]
    holders = holders or [c for c in calls if slots.takes(c, name)]
    target = holders[0] if len(holders) == 1 else calls[0] if len(calls) == 1 else None
    return None if target is None else _replace(expr, target, _argument(target, path[0], edit, slots))


def _argument(call: tree.Call, name: tree.Name, edit: tree.SetEdit, slots: ArgumentSlots) -> tree.Call:
    new = tree.Argument(name, edit.value, span=edit.span)
    for i, argument in enumerate(call.arguments):
        if argument.name and argument.name.id == name.id:
            return evolve(call, arguments=(*call.arguments[:i], new, *call.arguments[i + 1 :]))
    place = slots.index(call, name.id)
    if place is None:
        return evolve(call, arguments=(*call.arguments, new))
    unnamed = tree.Argument(None, edit.value, span=edit.span)
    return evolve(call, arguments=(*call.arguments[:place], unnamed, *call.arguments[place + 1 :]))


def _calls(expr: tree.Expr) -> list[tree.Call]:
    """The calls of an expression, outermost first, without those inside arguments."""
    match expr:
        case tree.Call():
            return [expr, *(_calls(expr.function.value) if isinstance(expr.function, tree.Attribute) else [])]
        case tree.Binary() | tree.Unary() | tree.Named() | tree.Attribute():
            return [call for part in children(expr) for call in _calls(part)]
        case _:
            return []


def _replace(expr: tree.Expr, old: tree.Call, new: tree.Call) -> tree.Expr:
    """The expression with one call (by identity) replaced."""
    return new if expr is old else replaced(expr, lambda part: _replace(part, old, new))


def _edit_calls(
    file: tree.File, edit: Edit, stage: str, path: tuple[tree.Name, ...], slots: ArgumentSlots
) -> tree.File | None:
    """`vat.epsilon`: an argument of the calls of `vat` in a loss."""
    if isinstance(edit, tree.DropEdit) or len(path) != 2:
        return None
    changed = False

    def visit(statement: tree.Statement) -> tree.Statement:
        nonlocal changed
        if isinstance(statement, tree.StageDecl) and stage not in ("", statement.name.id):
            return statement
        if isinstance(statement, tree.StageDecl | tree.Update):
            return evolve(statement, body=tuple(visit(s) for s in statement.body))
        if not isinstance(statement, tree.Setting | tree.Def):
            return statement
        value = statement.value
        for call in _calls(value):
            if isinstance(call.function, tree.Ref) and call.function.id == path[0].id:
                value = _replace(value, call, _argument(call, path[1], edit, slots))
                changed = True
        return evolve(statement, value=value)

    statements = tuple(visit(s) for s in file.statements)
    return evolve(file, statements=statements) if changed else None


def _no_such(file: tree.File, edit: Edit, path: tuple[tree.Name, ...], stage: str, reporter: Reporter) -> None:
    body: Statements = file.statements
    if stage:
        body = next(s.body for s in file.statements if isinstance(s, tree.StageDecl) and s.name.id == stage)
    named = (tree.Declaration, tree.Param, tree.Setting, tree.Update, tree.StageDecl)
    known = [s.name.id for s in body if isinstance(s, named)]
    text = ".".join(n.id for n in edit.path)
    where = f"stage `{stage}`" if stage else "the spec"
    found = [s.name.id for s in body if isinstance(s, tree.StageDecl) and _sets(s, path[0].id)]
    owners = dict.fromkeys(split[0] if (split := split_round(name)) else name for name in found)
    help = f"it is set in stages: {', '.join(f'`{s}.{text}`' for s in owners)}" if owners else ""
    inside = [s.name.id for s in body if isinstance(s, tree.Update) and _sets(s, path[0].id)]
    help = help or (f"it is set in updates: {', '.join(f'`{u}.{text}`' for u in inside)}" if inside else "")
    help = help or did_you_mean(path[0].id, known)
    if path[1:] and path[0].id in OF_A_STAGE and path[0].id not in known and not (owners or inside):
        help = f"`{path[0].id}` is not written here, so there is no part of it to change: set the whole of it"
    if path[0].id == "init":
        help = help or "what a network takes over is written out: `set init = {encoder: pretrain}`"
    if path[0].id in known:
        help = f"`{path[0].id}` has no single call or map that `{path[1].id}` could belong to" if path[1:] else ""
    reporter.report(
        name_messages.nothing_to_change(text, where, _place(edit), help or f"it declares: {', '.join(known)}")
    )


def _sets(stage: tree.StageDecl | tree.Update, name: str) -> bool:
    if name in KINDS:
        return any(isinstance(s, KINDS[name]) for s in stage.body)
    return any(isinstance(s, tree.Setting) and s.name.id == name for s in stage.body)


def describe(edit: Edit, text: Callable[[tree.Expr], str]) -> str:
    """The edit as one would write it."""
    path = ".".join(n.id for n in edit.path)
    return f"drop {path}" if isinstance(edit, tree.DropEdit) else f"set {path} = {text(edit.value)}"
