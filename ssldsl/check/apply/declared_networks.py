"""The declarations `net` and `head`: who owns which parameters."""

from typing import Any

from ssldsl.check.messages import types
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Beside,
    Constructor,
    NetList,
    NetPart,
    Network,
    describe,
)
from ssldsl.source import Span
from ssldsl.syntax import tree


def declare(ctx: Context, name: str, owner: str, value: Any, kind: str, span: Span) -> Any:
    """Give the constructors of a `net` or `head` declaration the paths they own their parameters under."""
    if value is UNKNOWN:
        return UNKNOWN
    base = f"{owner}.{name}" if owner else name
    if isinstance(value, Average):
        return _average(ctx, base, value, span)
    if not isinstance(value, Network | Constructor):
        help = "for example `convnet(width=32)`, or a composition `encoder >> classes`"
        ctx.report(types.wrong_declaration(kind, name, "a network", describe(value), span, help))
        return UNKNOWN
    net, parts = Network(value.parts), list[NetPart | Constructor | Beside]()
    for i, part in enumerate(net.parts):
        if isinstance(part, Beside):
            nets = [declare(ctx, f"{name}.{k}", owner, one, kind, span) for k, one in enumerate(part.nets)]
            if UNKNOWN in nets:
                return UNKNOWN
            part = Beside(tuple(nets))
        elif isinstance(part, Constructor) and part.signature.role != "views":
            path = base if len(net.parts) == 1 else f"{base}.{_piece(net, i)}"
            if not _own(ctx, path, part, kind):
                return UNKNOWN
            part = NetPart(path)
        parts.append(part)
    return Network(tuple(parts))


def declare_list(
    ctx: Context, name: str, owner: str, count: int, value: Network | Constructor, declaration: tree.Declaration
) -> Any:
    """So many networks, `heads.0`, `heads.1`, ..., each of which owns the parameters of its constructors."""
    path = f"{owner}.{name}" if owner else name
    nets = tuple(
        declare(ctx, f"{name}.{i}", owner, value, declaration.kind, declaration.value.span) for i in range(count)
    )
    if any(net is UNKNOWN for net in nets):
        return UNKNOWN
    for part in (part for net in nets for part in net.declared):
        ctx.modules[part.path].of_list = path
    return NetList(path, nets)


def _piece(net: Network, i: int) -> str:
    """The name of one constructor in a chain: its op, numbered where the op stands twice."""
    part = net.parts[i]
    assert isinstance(part, Constructor)
    name = part.signature.name
    twins = [k for k, p in enumerate(net.parts) if isinstance(p, Constructor) and p.signature.name == name]
    return name if len(twins) == 1 else f"{name}{twins.index(i)}"


def _own(ctx: Context, path: str, part: Constructor, kind: str) -> bool:
    draft = ModuleDraft(path, part.signature, kind, dict(part.sizes), part.settings, part.span)
    known = ctx.modules.get(path)
    if known is None:
        ctx.modules[path] = draft
        return True
    same = known.signature.name == part.signature.name and known.settings == part.settings
    if same and all(known.sizes.get(n) == s for n, s in part.sizes):
        return True
    ctx.report(types.different_head(path, part.span))
    return False


def _average(ctx: Context, base: str, value: Average, span: Span) -> Any:
    parts = []
    for part in value.of.parts:
        if not isinstance(part, NetPart) or part.part:
            ctx.report(types.average_of_no_network(value.span))
            return UNKNOWN
        of = ctx.modules[part.path]
        path = f"{base}.{part.path}" if len(value.of.parts) > 1 else base
        ctx.modules[path] = ModuleDraft(
            path, of.signature, of.kind, of.sizes, of.settings, span, part.path, value.momentum, value.half_life
        )
        parts.append(NetPart(path))
    return Network(tuple(parts))
