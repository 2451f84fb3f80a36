"""What is allowed and probably not meant: names that nothing uses, edits that find nothing."""

from typing import Any

from ssldsl.check.evaluate.names import BUILTINS, name
from ssldsl.check.state.context import Context
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.scope import Scope
from ssldsl.errors import did_you_mean
from ssldsl.ir.program import Stage
from ssldsl.syntax import tree


def report_unused(ctx: Context, file: tree.File) -> None:
    """Names that nothing uses: often a sign of a wrong wire."""
    named = {n.id for s in file.statements if isinstance(s, tree.Setting) for n in _map_keys(s.value)}
    for stage in file.statements:
        if isinstance(stage, tree.StageDecl):
            named |= {n.id for s in stage.body if isinstance(s, tree.Setting) for n in _map_keys(s.value)}
    named |= {ref.id for variant in file.statements if isinstance(variant, tree.Variant) for ref in _set_refs(variant)}
    for binding in ctx.file_scope.bindings.values():
        declaration = binding.declaration
        if binding.uses or binding.name in named or not isinstance(declaration, tree.Declaration | tree.Param):
            continue
        kind = declaration.kind if isinstance(declaration, tree.Declaration) else "param"
        ctx.reporter.warning("L602", binding.span, f"`{binding.name}` is never used", f"this {kind} has no effect")


def _set_refs(variant: tree.Variant) -> list[tree.Ref]:
    """Names that a variant reads, also one that is not applied."""
    return [ref for edit in variant.edits if isinstance(edit, tree.SetEdit) for ref in _refs(edit.value)]


def _map_keys(expr: tree.Expr) -> list[tree.Name]:
    return [e.key for e in expr.entries] if isinstance(expr, tree.MapExpr) else []


def check_unused_definitions(ctx: Context, file: tree.File, scope: Scope) -> None:
    """Names inside definitions, also of those that nothing calls."""
    for statement in file.statements:
        if not isinstance(statement, tree.Def):
            continue
        own = {p.name.id for p in statement.parameters}
        own |= {s.name.id for s in statement.body if isinstance(s, tree.Declaration)}
        inside = [statement.value, *(s.value for s in statement.body if isinstance(s, tree.Declaration))]
        for ref in (r for e in inside for r in _refs(e)):
            if ref.id not in own and scope.find(ref.id) is None and not _in_library(ctx, ref.id):
                name(ctx, ref, scope)


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
    return name in BUILTINS or name in ctx.library.names() or name in ctx.library.methods()


def report_unmatched(ctx: Context, loss_edits: LossEdits, stages: list[Stage]) -> None:
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
