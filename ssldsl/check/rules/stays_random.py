"""L604: a network that is neither trained nor initialized stays at its random weights, which is almost never meant."""

from collections.abc import Collection, Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import Network
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors, networks


def stays_random(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent beside an error, which may be the reason that it is not trained."""
    ctx = reader.ctx
    if ctx.reporter.failed:
        return
    named = ctx.owners(stage.train) | {path for origin in stage.init if not origin.is_afresh for path in origin.modules}
    used = networks(ancestors(stage.step_roots))
    left = sorted(path for path in used - named if _has_weights(ctx, path))
    for name in dict.fromkeys(_declared(reader, path, left) for path in left):
        yield warnings.stays_random(name, reader.place("loss"))


def _has_weights(ctx: Context, path: str) -> bool:
    draft = ctx.modules[path]
    return not draft.average_of and draft.owns_parameters


def _declared(reader: Reader, path: str, left: Collection[str]) -> str:
    """The name under which a network was declared, where the whole of it is left out: `space` of `space.mlp_head`."""
    name = path.partition(".")[0]
    binding = reader.scope.find(name)
    value = binding.value if binding is not None else None
    whole = [p.path for p in value.declared if _has_weights(reader.ctx, p.path)] if isinstance(value, Network) else []
    return name if path in whole and set(whole) <= set(left) else path
