"""`use`: other spec files, files of ops, installed libraries."""

from pathlib import Path

from attrs import evolve

from ssldsl.check.evaluate import declarations
from ssldsl.check.evaluate.names import WORD_NAMES
from ssldsl.check.messages import names
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.errors import SpecError
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse

RESERVED = frozenset({*PRIMITIVES, *WORD_NAMES})  # names that no op may have


def use_files(ctx: Context, file: tree.File, folder: Path, scope: Scope, trail: tuple[str, ...]) -> None:
    for statement in file.statements:
        if not isinstance(statement, tree.Use):
            continue
        if isinstance(statement.target, tree.Name):
            _use_library(ctx, statement.target)
            continue
        path = _inside(ctx, statement.target, folder)
        if path is None:
            ctx.is_incomplete = True
            continue
        if path.suffix == ".py":
            try:
                ctx.library = ctx.library.with_file(path, reserved=RESERVED)
            except SpecError as error:
                ctx.is_incomplete = True
                _report_foreign(ctx, error, path)
        else:
            _use_spec(ctx, statement.target, path, scope, trail)


def _inside(ctx: Context, target: tree.String, folder: Path) -> Path | None:
    """The file that a `use` names, if it lies in the folder of the spec."""
    path = folder / target.value
    try:
        is_inside, is_file = path.resolve().is_relative_to(folder.resolve()), path.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a null character
        is_inside, is_file = True, False
    if not is_inside:
        ctx.report(names.file_outside(target.value, target.span))
        return None
    if not is_file:
        beside = sorted(folder.glob("*"))
        ctx.report(names.no_file(target.value, [p.name for p in beside if p.suffix in (".ssl", ".py")], target.span))
        return None
    if path.suffix not in (".ssl", ".py"):
        ctx.report(names.file_of_another_kind(path.suffix or path.name, target.span))
        return None
    return path


def _use_spec(ctx: Context, target: tree.String, path: Path, scope: Scope, trail: tuple[str, ...]) -> None:
    """The declarations of another file, visible here; its settings, stages and variants are not."""
    if str(path) in trail:
        ctx.is_incomplete = True
        ctx.report(names.circle_of_files(target.value, target.span))
        return
    try:
        source = Source(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        ctx.is_incomplete = True
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        ctx.report(names.unreadable_file(target.value, why or "", target.span))
        return
    ctx.reporter.own.add(source)
    parsed = parse(source)
    ctx.is_incomplete |= bool(parsed.diagnostics)
    for problem in parsed.diagnostics:
        ctx.reporter.report(problem)
    if not parsed.diagnostics:
        use_files(ctx, parsed.file, path.parent, scope, (*trail, str(path)))
        declarations.declare(ctx, parsed.file.statements, scope)
        for binding in scope.bindings.values():
            binding.uses += 1


def _report_foreign(ctx: Context, error: SpecError, path: Path) -> None:
    """What is wrong with a user's Python file, shown there, under the name that the spec gives it."""
    for diagnostic in error.diagnostics:
        if diagnostic.span is not None:
            source = Source(str(path), diagnostic.span.source.text)
            ctx.reporter.own.add(source)
            diagnostic = evolve(diagnostic, span=Span(source, diagnostic.span.start, diagnostic.span.end))
        ctx.reporter.report(diagnostic)


def _use_library(ctx: Context, target: tree.Name) -> None:
    """An installed library. Its names are in scope all the same; `use` says that the spec cannot do without it."""
    found = {folder.module.split(".")[0]: folder for folder in ctx.library.installed}
    if target.id not in found:
        ctx.is_incomplete = True
        ctx.report(names.no_library(target.id, found, target.span))
        return
    if taken := sorted(RESERVED & found[target.id].files.keys()):
        ctx.report(names.reserved_ops(target.id, taken, target.span))
