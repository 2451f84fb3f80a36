"""A batch that a network cannot take, with advice."""

from ssldsl.check.messages import shapes, types
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.typing.advice import size_of_data
from ssldsl.ir.nodes import Node
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import ACCEPTS, Dim, TensorType


def accepts(ctx: Context, path: str, signature: Signature, value: Node, draft: ModuleDraft, span: Span) -> bool:
    edge = signature.edges[0]
    assert isinstance(value.type, TensorType)
    if value.type.kind in ACCEPTS[edge.kind]:
        return True
    if ctx.is_first_report(path, value.type.kind):
        declared = draft.span if draft.span.source in ctx.reporter.own else None
        found, help = shapes.written(value.type), _net_advice(ctx, path, edge.kind, value.type.kind)
        ctx.report(types.wrong_kind_for_network(path, signature.name, edge.kind, found, span, declared, help))
    return False


def _net_advice(ctx: Context, path: str, wanted: str, found: str) -> str:
    if found == "Images" and wanted == "Vectors":
        return "a network for images is `convnet()`"
    if found == "Images":
        net = next((d.path for d in ctx.modules.values() if d.kind == "net" and not d.average_of), "encoder")
        return f"send the images through a net first: `{path}({net}(...))`"
    if wanted == "Images" and found in ("Logits", "Probs", "Features", "Embeddings"):
        return "this has been through a network already: pass the batch itself"
    if found == "Features" and wanted == "Embeddings":
        return "bring rows to unit length first: `>> l2norm()` before it"
    return "a network for vectors is `mlp()`" if found == "Vectors" else ""


def misfit(ctx: Context, path: str, draft: ModuleDraft, value: Node, why: str, span: Span) -> None:
    assert isinstance(value.type, TensorType)
    if not ctx.is_first_report(path, str(value.type.dims[1:])):
        return
    kind = value.type.kind
    edge = draft.signature.edges[0]
    wanted = shapes.wanted(edge.kind, [_size_text(draft, dim) for dim in edge.dims])
    place = draft.span if draft.span.source in ctx.reporter.own else span
    if kind in ("Vectors", "Images") and value.type.dims[-1].value is None:
        example = size_of_data(ctx, value, value.type.dims[1:]) or "vector_arrays(..., dim=32)"
        ctx.report(types.misfit_of_data(path, wanted, kind, example, place))
        return
    before = value.inputs[0].setting("name") if value.op == "apply" else None
    help = _setting_advice(draft, value) or _width_advice(draft, value.type.dims[-1], str(before or ""))
    ctx.report(types.misfit(path, wanted, shapes.written(value.type), place, why, help))


def _setting_advice(draft: ModuleDraft, value: Node) -> str:
    """The setting of a network that says another size than its input has; else what brings images to its channels."""
    assert isinstance(value.type, TensorType)
    settings = dict(draft.settings)
    for text, found in zip(draft.signature.edges[0].dims[1:], value.type.dims[1:], strict=False):
        name = text[1:-1] if text.startswith("{") else ""
        if name in settings and found.value is not None and settings[name] != found.value:
            return f"write `{name}={found.value}`"
        if text.isdecimal() and value.type.kind == "Images" and found.value == 1:
            return (
                f"this network has {text} channels; those of the library, and `timm_model(..., channels=1)`, take gray"
            )
    return ""


def _width_advice(draft: ModuleDraft, width: Dim, before: str) -> str:
    if draft.kind != "head":
        return ""
    if before and "." not in before:
        return f"the input is {shapes.size(width)} wide: use the network's own width, `{before}.dim`"
    return f"the input is {width} wide" if width.value is not None else ""


def _size_text(draft: ModuleDraft, dim: str) -> str:
    """A dimension with the sizes and settings that are known."""
    known = draft.sizes.get(dim)
    text = dim if known is None else shapes.size(known)
    for name, value in draft.settings:
        text = text.replace(f"{{{name}}}", str(value))
    return text
