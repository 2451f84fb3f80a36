"""Turns durations into optimizer steps."""

from attrs import evolve

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.passes.context import Clock, PassContext
from ssldsl.types import is_data


def clock(graph: Graph, context: PassContext) -> Graph:
    """Every duration in weights and settings is in steps (`it`). Before the sizes of data are known nothing changes."""
    known = context.clock
    if known is None:
        return graph

    def rule(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        if is_data(node.type):  # `10%` of a data set is no duration
            return build.like(node, inputs)
        return build.like(node, inputs, settings=settings_in_steps(node.settings, known))

    timed = rewrite(graph, rule)
    return evolve(timed, terms=tuple(evolve(t, weight=scalar_in_steps(t.weight, known)) for t in timed.terms))


def settings_in_steps(settings: tuple[tuple[str, Setting], ...], clock: Clock) -> tuple[tuple[str, Setting], ...]:
    return tuple((name, setting_in_steps(value, clock)) for name, value in settings)


def setting_in_steps(value: Setting, clock: Clock) -> Setting:
    """The same setting with every duration in it in steps."""
    if isinstance(value, Duration):
        return Duration(clock.steps_of(value), "it")
    if isinstance(value, tuple):
        return tuple(setting_in_steps(v, clock) for v in value)
    if isinstance(value, Constant | Curve | Combined):
        return scalar_in_steps(value, clock)
    return value


def scalar_in_steps(scalar: Scalar, clock: Clock) -> Scalar:
    """The same schedule with every duration in it in steps."""
    if isinstance(scalar, Constant):
        return scalar
    if isinstance(scalar, Curve):
        return evolve(scalar, settings=settings_in_steps(scalar.settings, clock))
    length = None if scalar.length is None else Duration(clock.steps_of(scalar.length), "it")
    left, right = scalar_in_steps(scalar.left, clock), scalar_in_steps(scalar.right, clock)
    return Combined(scalar.op, left, right, length)
