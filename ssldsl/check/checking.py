"""`check`: from the text of a spec to a checked program, or to everything that is wrong with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ssldsl.check import declarations, edits, expressions
from ssldsl.check.context import Context
from ssldsl.check.flow import ancestors
from ssldsl.check.nodes import Node
from ssldsl.check.program import Module, Program, Stage, Stream
from ssldsl.check.reporter import Reporter
from ssldsl.check.scope import Scope
from ssldsl.check.stages import SHARED_SETTINGS, STAGE_SETTINGS, read_stage, split_settings
from ssldsl.errors import Diagnostic, Note, SpecError, did_you_mean
from ssldsl.ops.library import Library
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.syntax.printer import print_expr


@frozen
class Checked:
    """The outcome of a check. `program` is there if no diagnostic is an error.

    completions: what calls left out, by their place, for `resolve`.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    file: tree.File
    completions: dict[tuple[str, int, int], list[tuple[str, str]]] = field(factory=dict, repr=False)

    def unwrap(self) -> Program:
        """The program, or all errors as one exception."""
        if self.program is None:
            raise SpecError([d for d in self.diagnostics if d.severity == "error"])
        return self.program


def check(
    source: Source,
    *,
    variants: Sequence[str] = (),
    changes: Sequence[edits.Edit] = (),
    seed: int | None = None,
    library: Library | None = None,
) -> Checked:
    """Check one spec, with variants and then edits applied. Imports neither torch nor anybody's code."""
    parsed = parse(source)
    if parsed.diagnostics:
        return Checked(None, tuple(parsed.diagnostics), parsed.file)
    reporter = Reporter({source})
    for change in changes:
        reporter.own.add(change.span.source)
    library = library or Library.shipped()
    file = parsed.file
    done = [*edits.variant_edits(file, [(v, None) for v in variants], reporter), *changes]
    file, loss_edits = edits.apply(file, done, reporter)
    scope = Scope()
    ctx = Context(library, reporter, scope)
    _use_files(ctx, file, Path(source.name).parent, scope, (source.name,))
    declarations.declare(ctx, file.statements, scope)
    _check_unused_definitions(ctx, file, scope)
    declarations.read_all(ctx, scope)
    stages = _stages(ctx, file, loss_edits, bool(done))
    _unmatched(ctx, loss_edits, stages)
    if not done and not reporter.failed:
        _unused(ctx, file)
    program = None
    if not reporter.failed:
        program = _program(ctx, source, file, stages, seed, [edits.describe(e, print_expr) for e in done])
    found = sorted(reporter.diagnostics, key=lambda d: d.sort_key)
    return Checked(program, tuple(found), file, ctx.completions)


def check_everything(source: Source, *, library: Library | None = None) -> Checked:
    """Check the spec as it stands, every variant, and every point of every sweep: what `ssldsl check` does."""
    library = library or Library.shipped()
    base = check(source, library=library)
    if base.program is None:
        return base
    found = list(base.diagnostics)
    seen = {(d.code, d.span.start if d.span else -1) for d in found}
    points: list[tuple[str, dict[str, Any]]] = []
    for statement in base.file.statements:
        if isinstance(statement, tree.Variant):
            points.append((f"in variant `{statement.name.id}`", {"variants": [statement.name.id]}))
        if isinstance(statement, tree.Sweep):
            for edit in sweep_edits(statement):
                points.append((f"in the sweep of `{edit.path[-1].id}`", {"changes": [edit]}))
    for where, arguments in points:
        for diagnostic in check(source, library=library, **arguments).diagnostics:
            key = (diagnostic.code, diagnostic.span.start if diagnostic.span else -1)
            if diagnostic.severity == "error" and key not in seen:
                seen.add(key)
                found.append(_with_hint(diagnostic, where))
    failed = any(d.severity == "error" for d in found)
    return Checked(None if failed else base.program, tuple(found), base.file, base.completions)


def _with_hint(diagnostic: Diagnostic, where: str) -> Diagnostic:
    return Diagnostic(
        diagnostic.code,
        diagnostic.message,
        diagnostic.span,
        diagnostic.label,
        diagnostic.notes,
        (*diagnostic.hints, where),
        diagnostic.help,
        diagnostic.severity,
    )


def sweep_edits(sweep: tree.Sweep) -> list[tree.SetEdit]:
    """One edit for every point of a sweep."""
    return [tree.SetEdit(sweep.path, value, span=value.span) for value in sweep.values.items]


# --- files ------------------------------------------------------------------------------------------------------


def _use_files(ctx: Context, file: tree.File, folder: Path, scope: Scope, trail: tuple[str, ...]) -> None:
    for statement in file.statements:
        if not isinstance(statement, tree.Use):
            continue
        if isinstance(statement.target, tree.Name):
            _use_library(ctx, statement.target)
            continue
        path = _inside(ctx, statement.target, folder)
        if path is None:
            continue
        if path.suffix == ".py":
            try:
                ctx.library = ctx.library.with_file(path)
            except SpecError as error:
                _report_foreign(ctx, error)
        else:
            _use_spec(ctx, statement.target, path, scope, trail)


def _inside(ctx: Context, target: tree.String, folder: Path) -> Path | None:
    """The file that a `use` names, if it lies in the folder of the spec."""
    path = folder / target.value
    if not path.resolve().is_relative_to(folder.resolve()):
        ctx.reporter.error(
            "N209",
            target.span,
            f"`{target.value}` lies outside the folder of the spec",
            "",
            help="copy the file beside the spec: a spec reads nothing outside its own folder",
        )
        return None
    if not path.is_file():
        near = did_you_mean(
            path.name,
            [p.name for p in path.parent.glob("*") if p.suffix in (".ssl", ".py")] if path.parent.is_dir() else [],
        )
        ctx.reporter.error("N209", target.span, f"there is no file `{target.value}` beside the spec", "", help=near)
        return None
    if path.suffix not in (".ssl", ".py"):
        ctx.reporter.error("N209", target.span, "`use` takes a `.ssl` file or a Python file of ops", "")
        return None
    return path


def _use_spec(ctx: Context, target: tree.String, path: Path, scope: Scope, trail: tuple[str, ...]) -> None:
    """The declarations of another file, visible here; its settings, stages and variants are not."""
    if str(path) in trail:
        ctx.reporter.error("N209", target.span, f"`{target.value}` uses this file in turn", "a circle of files")
        return
    source = Source(str(path), path.read_text(encoding="utf-8"))
    ctx.reporter.own.add(source)
    parsed = parse(source)
    for problem in parsed.diagnostics:
        ctx.reporter.report(problem)
    if not parsed.diagnostics:
        _use_files(ctx, parsed.file, path.parent, scope, (*trail, str(path)))
        declarations.declare(ctx, parsed.file.statements, scope)
        for binding in scope.bindings.values():
            binding.uses += 1


def _report_foreign(ctx: Context, error: SpecError) -> None:
    """What is wrong with a user's Python file, shown there."""
    for diagnostic in error.diagnostics:
        if diagnostic.span is not None:
            ctx.reporter.own.add(diagnostic.span.source)
        ctx.reporter.report(diagnostic)


def _use_library(ctx: Context, target: tree.Name) -> None:
    """An installed library. Its names are in scope all the same; `use` says that the spec cannot do without it."""
    known = [folder.module.split(".")[0] for folder in ctx.library.installed]
    if target.id not in known:
        ctx.reporter.error(
            "N209",
            target.span,
            f"no library `{target.id}` is installed",
            "",
            help=did_you_mean(target.id, known) or 'a file is written in quotes: `use "my_ops.py"`',
        )


# --- stages -----------------------------------------------------------------------------------------------------


def _stages(ctx: Context, file: tree.File, loss_edits: edits.LossEdits, edited: bool) -> list[Stage]:
    written = [s for s in file.statements if isinstance(s, tree.StageDecl)]
    if not written:
        settings = split_settings(ctx, file.statements, (*STAGE_SETTINGS, "seed"), {})
        stage = read_stage(
            ctx, "main", (), file.statements, ctx.file_scope, settings, _implicit_span(file), loss_edits, edited
        )
        return [stage] if stage else []
    shared = split_settings(ctx, file.statements, SHARED_SETTINGS, {})
    for statement in file.statements:
        if isinstance(statement, tree.Train | tree.Init | tree.Eval):
            word = type(statement).__name__.lower()
            ctx.reporter.error(
                "D508", statement.span, f"`{word}` belongs to a stage", "", help="write it inside a stage"
            )
    stages = []
    for declared in _ordered(ctx, written):
        scope = Scope(parent=ctx.file_scope)
        declarations.declare(ctx, declared.body, scope)
        own = split_settings(ctx, declared.body, STAGE_SETTINGS, {k: v for k, v in shared.items() if k != "seed"})
        after = tuple(n.id for n in declared.after)
        stage = read_stage(
            ctx, declared.name.id, after, declared.body, scope, own, declared.name.span, loss_edits, edited
        )
        ctx.stages[declared.name.id] = stage
        if stage is not None:
            stages.append(stage)
    return stages


def _implicit_span(file: tree.File) -> Span:
    loss = next((s for s in file.statements if isinstance(s, tree.Setting) and s.name.id == "loss"), None)
    if loss is not None:
        return loss.span
    return file.statements[-1].span if file.statements else file.span


def _ordered(ctx: Context, stages: list[tree.StageDecl]) -> list[tree.StageDecl]:
    """Stages, each after those it follows; unknown names and circles are reported."""
    by_name = {s.name.id: s for s in stages}
    for stage in stages:
        for name in stage.after:
            if name.id not in by_name:
                ctx.reporter.error(
                    "D503",
                    name.span,
                    f"there is no stage `{name.id}` to come after",
                    "",
                    help=did_you_mean(name.id, by_name),
                )
    done: list[tree.StageDecl] = []
    left = list(by_name.values())
    while left:
        names = {s.name.id for s in done}
        ready = [s for s in left if all(n.id in names or n.id not in by_name for n in s.after)]
        if not ready:
            ctx.reporter.error(
                "D503",
                left[0].name.span,
                f"stage `{left[0].name.id}` comes after itself",
                "a circle of stages",
                notes=tuple(Note(s.name.span, "part of the circle") for s in left[1:]),
            )
            return done
        done += ready
        left = [s for s in left if s not in ready]
    return done


def _unmatched(ctx: Context, loss_edits: edits.LossEdits, stages: list[Stage]) -> None:
    """Edits of terms that no stage has."""
    terms = sorted({t.name for s in stages for t in s.terms})
    asked = [(s, t, span) for s, t, span in loss_edits.drops] + [(s, t, span) for s, t, _, span in loss_edits.weights]
    for stage, term, span in asked:
        if not stage and span not in loss_edits.met and stages:
            names = sorted({*terms, *(t for s, t, place in loss_edits.drops if place in loss_edits.met)})
            ctx.reporter.error(
                "N210",
                span,
                f"no loss has a term `{term}`",
                "",
                help=did_you_mean(term, names) or f"terms are: {', '.join(names)}",
            )


# --- lints ------------------------------------------------------------------------------------------------------


def _unused(ctx: Context, file: tree.File) -> None:
    """Names that nothing uses: often a sign of a wrong wire."""
    named = {n.id for s in file.statements if isinstance(s, tree.Setting) for n in _map_keys(s.value)}
    for stage in file.statements:
        if isinstance(stage, tree.StageDecl):
            named |= {n.id for s in stage.body if isinstance(s, tree.Setting) for n in _map_keys(s.value)}
    for binding in ctx.file_scope.bindings.values():
        declaration = binding.declaration
        if binding.uses or binding.name in named or not isinstance(declaration, tree.Declaration | tree.Param):
            continue
        kind = declaration.kind if isinstance(declaration, tree.Declaration) else "param"
        ctx.reporter.warning("L602", binding.span, f"`{binding.name}` is never used", f"this {kind} has no effect")


def _map_keys(expr: tree.Expr) -> list[tree.Name]:
    return [e.key for e in expr.entries] if isinstance(expr, tree.MapExpr) else []


def _check_unused_definitions(ctx: Context, file: tree.File, scope: Scope) -> None:
    """Names inside definitions, also of those that nothing calls."""
    for statement in file.statements:
        if not isinstance(statement, tree.Def):
            continue
        own = {p.name.id for p in statement.parameters}
        own |= {s.name.id for s in statement.body if isinstance(s, tree.Declaration)}
        inside = [statement.value, *(s.value for s in statement.body if isinstance(s, tree.Declaration))]
        for ref in (r for e in inside for r in _refs(e)):
            if ref.id not in own and scope.find(ref.id) is None and not _in_library(ctx, ref.id):
                expressions.name(ctx, ref, scope)


def _refs(expr: tree.Expr) -> list[tree.Ref]:
    found: list[tree.Ref] = []

    def visit(value: Any) -> None:
        if isinstance(value, tree.Ref):
            found.append(value)
        for child in _children(value):
            visit(child)

    visit(expr)
    return found


def _children(value: Any) -> list[Any]:
    match value:
        case tree.Attribute() | tree.Named():
            return [value.value]
        case tree.Call():
            return [value.function, *(a.value for a in value.arguments)]
        case tree.ListExpr():
            return list(value.items)
        case tree.MapExpr():
            return [e.value for e in value.entries]
        case tree.Binary():
            return [value.left, value.right]
        case tree.Unary():
            return [value.operand]
        case _:
            return []


def _in_library(ctx: Context, name: str) -> bool:
    return name in expressions.BUILTINS or name in ctx.library.names() or name in ctx.library.methods()


# --- the program ------------------------------------------------------------------------------------------------


def _program(
    ctx: Context, source: Source, file: tree.File, stages: list[Stage], seed: int | None, done: list[str]
) -> Program:
    nodes = [n for s in stages for n in ancestors([*(t.node for t in s.terms), *(e.node for e in s.evaluations)])]
    used = {str(n.setting("name")) for n in nodes if n.op == "net"}
    used |= {ctx.modules[path].average_of for path in used} - {""}
    used |= {m for s in stages for i in s.init for m in i.modules if m in ctx.modules}
    modules = tuple(
        Module(
            d.path,
            d.signature.name,
            d.kind,
            tuple(d.sizes.items()),
            d.settings,
            d.average_of,
            d.momentum,
            d.half_life,
            d.span,
        )
        for d in ctx.modules.values()
        if d.path in used
    )
    streams = tuple(_stream(ctx, name) for name in ctx.streams)
    return Program(
        Path(source.name).stem,
        _seed(ctx, file) if seed is None else seed,
        streams,
        modules,
        tuple(stages),
        dict(ctx.signatures),
        tuple(ctx.params.items()),
        _explicit(file),
        tuple(done),
    )


def _stream(ctx: Context, name: str) -> Stream:
    draft = ctx.streams[name]
    if draft.data is None:
        size = ctx.streams[draft.parts[0]].data
        return Stream(name, None, size.type.size if size else 0, draft.parts, draft.span)  # type: ignore[arg-type]  # a join has parts with data
    node: Node = draft.data.node
    return Stream(name, node, draft.data.type.size, (), draft.span)


def _seed(ctx: Context, file: tree.File) -> int:
    for statement in file.statements:
        if isinstance(statement, tree.Setting) and statement.name.id == "seed":
            value = statement.value
            if isinstance(value, tree.Number) and isinstance(value.value, int):
                return value.value
    return 0


def _explicit(file: tree.File) -> frozenset[str]:
    found = set()
    for statement in file.statements:
        if isinstance(statement, tree.Setting):
            found.add(f"main.{statement.name.id}")
        if isinstance(statement, tree.StageDecl):
            found |= {f"{statement.name.id}.{s.name.id}" for s in statement.body if isinstance(s, tree.Setting)}
    return frozenset(found)
