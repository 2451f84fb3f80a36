"""L602: what is declared is used; a name that nothing uses is often a sign of a wrong wire."""

from collections.abc import Iterable, Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import SpecReading
from ssldsl.errors import Diagnostic
from ssldsl.syntax import tree
from ssldsl.syntax.walk import refs


def unused_name(spec: SpecReading) -> Iterator[Diagnostic]:
    """Silent under edits, which leave names behind, and beside an error, which may have hidden a use."""
    if spec.ctx.is_edited or spec.ctx.reporter.failed:
        return
    named = _named(spec.file.statements)
    for binding in spec.ctx.file_scope.bindings.values():
        declaration = binding.declaration
        if binding.uses or binding.name in named or not isinstance(declaration, tree.Declaration | tree.Param):
            continue
        kind = declaration.kind if isinstance(declaration, tree.Declaration) else "param"
        yield warnings.unused_name(binding.name, kind, binding.span)


def _named(statements: Iterable[tree.Statement]) -> set[str]:
    """Names that are used without being evaluated: keys of maps, and what a variant that is not applied reads."""
    found = set[str]()
    for statement in statements:
        match statement:
            case tree.StageDecl():
                found |= _named(statement.body)
                found |= {ref.id for ref in refs(statement.rounds)} if statement.rounds is not None else set()
            case tree.Update():
                found |= _named(statement.body)
            case tree.Setting(value=tree.MapExpr() as value):
                found |= {entry.key.id for entry in value.entries}
            case tree.Variant():
                edits = [edit for edit in statement.edits if isinstance(edit, tree.SetEdit)]
                found |= {ref.id for edit in edits for ref in refs(edit.value)}
    return found
