"""What a stage measures: metrics over whole data sets."""

from typing import Any

from attrs import evolve

from ssldsl.check.apply import reductions
from ssldsl.check.messages import names, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, Batch, Loss, describe
from ssldsl.ir.nodes import Constant, Node
from ssldsl.ir.program import Evaluation
from ssldsl.syntax import tree


def read_evaluations(reader: Reader) -> list[Evaluation]:
    """The metrics and losses that the stage measures, under the names they are reported by."""
    ctx = reader.ctx
    assert ctx.stage is not None
    ctx.stage.full_dataset = True
    found: list[Evaluation] = []
    for statement in reader.body:
        if isinstance(statement, tree.Eval):
            ctx.stage.evaluation = statement.span
            evaluation = _evaluation(reader, statement)
            if evaluation is not None and _is_new(reader, statement, evaluation, found):
                twins = sum(e.name.split("#")[0] == evaluation.name for e in found)
                found.append(evolve(evaluation, name=f"{evaluation.name}#{twins + 1}") if twins else evaluation)
    ctx.stage.full_dataset, ctx.stage.evaluation = False, None
    return found


def _is_new(reader: Reader, statement: tree.Eval, evaluation: Evaluation, found: list[Evaluation]) -> bool:
    """Whether an evaluation does not take a name that another one was given by `as`; one without gets a number."""
    twin = next((e for e in found if e.name == evaluation.name), None)
    if twin is None or not isinstance(statement.value, tree.Named):
        return True
    reader.report(names.evaluations_of_one_name(evaluation.name, statement.value.name.span, twin.span))
    return False


def _evaluation(reader: Reader, statement: tree.Eval) -> Evaluation | None:
    expr = statement.value
    name = expr.name.id if isinstance(expr, tree.Named) else ""
    if isinstance(expr, tree.Named):
        expr = expr.value
    value = _whole(reader.ctx, reader.ctx.evaluate(expr, reader.scope))
    if value is UNKNOWN:
        return None
    signature = reader.ctx.signatures.get(value.op) if isinstance(value, Node) else None
    is_measure = isinstance(value, Loss) or (signature is not None and signature.role == "metrics")
    if not is_measure or (isinstance(value, Loss) and not _is_one_term(value)):
        terms = len(value.parts) if isinstance(value, Loss) else 0
        reader.report(types.no_metric(describe(value), terms, expr.span))
        return None
    node = value.parts[0].node if isinstance(value, Loss) else value
    function = expr.function if isinstance(expr, tree.Call) else None
    called = function.id if isinstance(function, tree.Ref) else node.op
    return Evaluation(name or called, node, statement.span)


def _is_one_term(loss: Loss) -> bool:
    return len(loss.parts) == 1 and loss.parts[0].weight == Constant(1.0)


def _whole(ctx: Context, value: Any) -> Any:
    """The op that gave several numbers at once; a loss as its mean over all rows; any other value as it is."""
    if isinstance(value, Loss):
        return reductions.averaged(ctx, value)
    if isinstance(value, Batch) and value.fields and all(node.op == "field" for _, node in value.fields):
        return value.fields[0][1].inputs[0]
    return value
