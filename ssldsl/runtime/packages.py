"""Packages that only some ops need: asked for before the first step, not found missing at the end of a stage."""

from collections.abc import Iterator
from importlib.util import find_spec

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Place, Plan
from ssldsl.graph.plan_types import is_of_kind
from ssldsl.ops.library import Library
from ssldsl.runtime.smoke.plan import is_smoke
from ssldsl.runtime.spans import span_of


def check_packages(plan: Plan, library: Library) -> None:
    """Refuse a plan with ops whose packages are not installed. Raises R430, once for every op."""
    missing: dict[str, Diagnostic] = {}
    for op, place in _ops(plan):
        signature = library.get(op)
        needed = signature.traits.needs if signature is not None else ""
        if needed and find_spec(needed) is None:
            message = f"`{op}` needs the package `{needed}`, which is not installed"
            help_ = f'`pip install "ssldsl[{needed}]"`'
            missing.setdefault(op, Diagnostic("R430", message, span_of(place), help=help_))
    if missing:
        raise SpecError(missing.values())


def _ops(plan: Plan) -> Iterator[tuple[str, Place | None]]:
    """The ops of a plan with their places. A smoke run draws no pictures, and so does not need what draws them."""
    yield from ((module.op, module.place) for module in plan.modules)
    for stage in plan.stages:
        for node in stage.nodes:
            if not (is_smoke(plan) and is_of_kind(node.type, "Points")):
                yield node.op, node.places[-1] if node.places else None  # the last is where the spec calls it
