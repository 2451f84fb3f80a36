"""What a stage measures: metrics over whole data sets."""

from typing import TYPE_CHECKING

from attrs import evolve

from ssldsl.check import expressions
from ssldsl.check.meanings import (
    UNKNOWN,
    describe,
)
from ssldsl.check.nodes import Node
from ssldsl.check.program import Evaluation
from ssldsl.syntax import tree

if TYPE_CHECKING:
    pass

from ssldsl.check.reader import Reader


def read_evaluations(reader: Reader, body: tuple[tree.Statement, ...]) -> list[Evaluation]:
    ctx = reader.ctx
    assert ctx.stage is not None
    ctx.stage.whole = True
    found: list[Evaluation] = []
    for statement in body:
        if isinstance(statement, tree.Eval):
            evaluation = _evaluation(reader, statement)
            if evaluation is not None:
                twins = sum(e.name.split("#")[0] == evaluation.name for e in found)
                found.append(evolve(evaluation, name=f"{evaluation.name}#{twins + 1}") if twins else evaluation)
    ctx.stage.whole = False
    return found


def _evaluation(reader: Reader, statement: tree.Eval) -> Evaluation | None:
    expr = statement.value
    name = expr.name.id if isinstance(expr, tree.Named) else ""
    if isinstance(expr, tree.Named):
        expr = expr.value
    value = expressions.evaluate(reader.ctx, expr, reader.scope)
    if value is UNKNOWN:
        return None
    signature = reader.ctx.signatures.get(value.op) if isinstance(value, Node) else None
    if not isinstance(value, Node) or signature is None or signature.role != "metrics":
        reader.ctx.reporter.error(
            "T310",
            expr.span,
            f"`eval` wants a metric, found {describe(value)}",
            "",
            help="for example `eval top1(images.test)`",
        )
        return None
    function = expr.function if isinstance(expr, tree.Call) else None
    called = function.id if isinstance(function, tree.Ref) else value.op
    return Evaluation(name or called, value, statement.span)
