"""Arguments bound to parameters: of ops, of words of the language, and of definitions alike."""

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from ssldsl.check.messages import names, values
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Given
from ssldsl.errors import Diagnostic
from ssldsl.source import Span


@frozen
class Parameters:
    """What a call takes: names, in the order in which arguments without a name fill them.

    required: those that a call must give. is_open: other names are let through, for a schema to refuse.
    declared: where a parameter is declared, if a person can look there.
    example: a call as it should be, for whoever gave too little.
    """

    callee: str
    order: tuple[str, ...]
    required: tuple[str, ...] = ()
    is_open: bool = False
    declared: Mapping[str, Span] = field(factory=dict)
    example: str = ""


def bind(ctx: Context, takes: Parameters, given: Sequence[Given], call: Span) -> tuple[dict[str, Given], bool]:
    """Arguments by the names of their parameters, and whether all is well; what is not has been reported.

    A parameter that is missing is no second fault where another argument is wrong: that one may be meant for it.
    """
    bound: dict[str, Given] = {}
    unnamed = iter(takes.order)
    faults: list[Diagnostic | None] = []
    for argument in given:
        name = argument.name.id if argument.name else next(unnamed, None)
        if name is None:
            faults.append(values.too_many_arguments(takes.callee, takes.order, argument.span))
        elif name in bound:
            is_silent = argument.value is UNKNOWN
            faults.append(None if is_silent else values.given_twice(takes.callee, name, _place(argument)))
        elif name in takes.order or takes.is_open:
            bound[name] = argument if name in takes.order else evolve(argument, span=_place(argument))
        else:
            faults.append(names.no_argument(takes.callee, name, takes.order, _place(argument)))
    missing = next((name for name in takes.required if name not in bound), None)
    if missing is not None and not faults:
        declared = takes.declared.get(missing)
        faults.append(values.missing_argument(takes.callee, missing, takes.order, call, declared, takes.example))
    for fault in faults:
        if fault is not None:
            ctx.reporter.report(fault)
    return bound, not faults


def _place(argument: Given) -> Span:
    return argument.name.span if argument.name else argument.span
