"""Values over the updates of a step: what a name stands for once weights have changed."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Binding
from ssldsl.check.state.values import Batch, ListValue, Loss, MapValue
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ir.primitives.net import MADE
from ssldsl.ir.walk import in_a_step


def seen_now(ctx: Context, value: Any, binding: Binding) -> Any:
    """The value of a `let` as the update that is being read sees it.

    A `let` of the stage is computed anew where an update before this one has changed a network that it runs; it draws
    nothing anew. That of an earlier update is what it was there, without gradient: the weights have moved on.
    """
    stage, scope = ctx.stage, binding.scope
    if stage is None or scope is None or stage.full_dataset or stage.update == (scope.update or 0):
        return value
    if scope.update is not None:
        return _changed(value, lambda node: _stopped(ctx, node))
    became: dict[Node, Node] = {}
    return _changed(value, lambda node: _renewed(ctx, node, became))


def version(ctx: Context, path: str) -> tuple[tuple[str, Setting], ...]:
    """Which of the weights that a module has in the course of a step are meant, as settings."""
    made = ctx.stage.version(path) if ctx.stage is not None and not ctx.stage.full_dataset else 0
    return ((MADE, made),) if made else ()


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:
    """A value with each of the tensors in it changed."""
    match value:
        case Node():
            return change(value)
        case Batch():
            return evolve(value, fields=tuple((name, change(node)) for name, node in value.fields))
        case ListValue():
            return ListValue(tuple(_changed(item, change) for item in value.values))
        case MapValue():
            return evolve(value, values=tuple((name, _changed(item, change)) for name, item in value.values))
        case Loss():
            return Loss(tuple(evolve(part, node=change(part.node)) for part in value.parts))
        case _:
            return value


def _stopped(ctx: Context, node: Node) -> Node:
    if not node.grad_modules:
        return node
    return ctx.interner.node(
        "stop", (node,), params=("value",), type=node.type, rows=node.rows, spans=ctx.interner.spans_of(node)
    )


def _renewed(ctx: Context, root: Node, became: dict[Node, Node]) -> Node:
    """A value computed once more, by the networks as they are now. Memories are read once in a step."""
    for node in in_a_step([root]):
        if node not in became:
            became[node] = _now(ctx, node, became)
    return became[root]


def _now(ctx: Context, node: Node, became: dict[Node, Node]) -> Node:
    signature = ctx.signatures.get(node.op)
    if signature is not None and signature.role == "memory":
        return node
    settings = node.settings
    if node.op == "net" and node.setting("stage") is None:
        settings = (*(s for s in settings if s[0] != MADE), *version(ctx, str(node.setting("name"))))
    inputs = tuple(became.get(value, value) for value in node.inputs)
    if settings == node.settings and inputs == node.inputs:
        return node
    made = ctx.interner.node(
        node.op,
        inputs,
        params=node.params,
        settings=settings,
        type=node.type,
        grad_modules=node.grad_modules,
        draw=node.draw,
        rows=None if node.rows is None else became.get(node.rows, node.rows),
        spans=ctx.interner.spans_of(node),
        alias=node.alias,
        within=node.within,
    )
    if node.id in ctx.outputs:
        ctx.outputs[made.id] = ctx.outputs[node.id]
    return made
