"""Smaller batches, networks and images for a smoke run: sizes above 64 pixels become others, the same everywhere.

Images stay as they are where smaller ones might not fit: with a network that is not ours, and where the sizes that
views would give are not those of the plan.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve

from ssldsl.check.typing.sizes import size_of, unify
from ssldsl.graph.plan import NodePlan, Plan, StagePlan
from ssldsl.graph.plan_types import TensorPlan, TypePlan, known_size, tensors_of, with_tensors
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Program, Stage
from ssldsl.ir.walk import ancestors
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.types import Dim

LARGE = 64  # pixels of a side; what is above becomes a little more than this
ROWS = 2  # of the smallest stream in one accumulated part: batch normalization wants two
STEP = 16  # the least difference of two sizes; they are multiples of it, or of the patches of a transformer
PIXELS = ("size", "short_side")  # settings of views
WIDTH = "width"  # of networks: what their channels are multiples of

Sizes = Mapping[int, int]


def with_small_batches(program: Program) -> Program:
    """The program with few rows of every stream, in about their proportion; before lowering, which counts them."""
    signatures = program.signatures
    return evolve(program, stages=tuple(evolve(stage, batch=_few(stage, signatures)) for stage in program.stages))


def _few(stage: Stage, signatures: Mapping[str, Signature]) -> tuple[tuple[str, int], ...]:
    smallest = min((rows for _, rows in stage.batch), default=1)
    unit = min(least_rows(ancestors(stage.step_roots), signatures.get, stage.accumulate), smallest)
    return tuple((name, unit * round(rows / smallest)) for name, rows in stage.batch)


def least_rows(nodes: Iterable[Node | NodePlan], signature: Callable[[str], Signature | None], accumulate: int) -> int:
    """The rows of the smallest stream in a step: some for each accumulated part, and as many as an op compares."""
    known = ((found, dict(node.settings)) for node in nodes if (found := signature(node.op)) is not None)
    needed = max((each.rows_needed(settings) for each, settings in known), default=0)
    return accumulate * max(ROWS, -(-needed // accumulate))


def narrower(program: Program) -> tuple[str, ...]:
    """Edits that give networks for images which are several times as wide as usual the width of their default."""
    found = ((m, program.signatures.get(m.op), dict(m.settings).get(WIDTH)) for m in program.modules)
    return tuple(
        f"{module.path}.{WIDTH}={usual}"
        for module, op, width in found
        if op is not None and op.edges and op.edges[0].kind == "Images" and not module.average_of
        for usual in (setting.default for setting in op.settings if setting.name == WIDTH)
        if isinstance(usual, int) and isinstance(width, int) and width > usual and width % usual == 0
    )


def with_small_images(plan: Plan, library: Library) -> Plan:
    """The plan with smaller images, or as it is."""
    sizes = _smaller(plan)
    if not sizes or not all(_takes_any_size(library.get(m.op)) for m in plan.modules):
        return plan
    stages = []
    for stage in plan.stages:
        nodes = tuple(_node(node, sizes, library) for node in stage.nodes)
        if not all(_fits(node, {n.id: n for n in nodes}, library) for node in nodes):
            return plan
        stages.append(stage.model_copy(update={"nodes": nodes}))
    return plan.model_copy(update={"stages": tuple(stages)})


def has_large_images(stage: StagePlan) -> bool:
    """Whether a stage still has images that take their time."""
    return any(side >= LARGE for node in stage.nodes for side in _sides(node.type))


def _smaller(plan: Plan) -> Sizes:
    """A new size for every one that is large: in the same order, and apart from those that stay."""
    nodes = [node for stage in plan.stages for node in stage.nodes]
    found = {size for node in nodes for size in (*_sides(node.type), *_pixels(node).values())}
    patches = math.lcm(*(p for m in plan.modules if isinstance(p := m.settings.get("patch"), int)))
    step = patches * math.ceil(STEP / patches)
    first = step * math.ceil((LARGE + 1 if LARGE in found else LARGE) / step)
    large = sorted(size for size in found if size > LARGE)
    new = {size: first + step * number for number, size in enumerate(large)}
    return new if all(small < size for size, small in new.items()) else {}


def _sides(type_: TypePlan) -> Iterator[int]:
    """Heights and widths in a type."""
    for images in _images(type_):
        yield from (side for side in images.dims[-2:] if isinstance(side, int))


def _images(type_: TypePlan) -> Iterator[TensorPlan]:
    return (tensor for tensor in tensors_of(type_) if tensor.kind == "Images")


def _pixels(node: NodePlan) -> dict[str, int]:
    """The settings of a node that are sizes of images."""
    return {name: value for name in PIXELS if isinstance(value := node.settings.get(name), int)}


def _takes_any_size(op: Signature | None) -> bool:
    """Whether images of other sizes surely fit: networks of the library that are made for what they get."""
    if op is None or not op.edges or op.edges[0].kind != "Images":
        return op is not None
    return bool(op.sizes) and op.module.startswith("ssldsl.stdlib.")


def _node(node: NodePlan, sizes: Sizes, library: Library) -> NodePlan:
    def small(tensor: TensorPlan) -> TensorPlan:
        if tensor.kind != "Images":
            return tensor
        sides = (sizes.get(side, side) if isinstance(side, int) else side for side in tensor.dims[-2:])
        return tensor.model_copy(update={"dims": (*tensor.dims[:-2], *sides)})

    signature = library.get(node.op)
    pixels = _pixels(node) if signature is not None and signature.role == "views" else {}
    changed = {name: sizes.get(value, value) for name, value in pixels.items()}
    return node.model_copy(update={"type": with_tensors(node.type, small), "settings": {**node.settings, **changed}})


def _fits(node: NodePlan, nodes: Mapping[str, NodePlan], library: Library) -> bool:
    """Whether a view of these images gives images of the size that its type says."""
    signature = library.get(node.op)
    if signature is None or signature.role != "views" or "..." in signature.edges[0].dims:
        return True
    bound: dict[str, Dim] = {}
    found = _dims(nodes[node.inputs[0]].type)
    if found is None or unify(signature.edges[0].dims, found, bound, node.settings):
        return found is None
    said = _dims(node.type)
    made = [size_of(dim, bound, node.settings) for dim in signature.outputs[0].dims]
    return said is None or all(m in (None, s) or s.value is None for m, s in zip(made, said, strict=True))


def _dims(type_: TypePlan) -> tuple[Dim, ...] | None:
    """The dimensions of the first images in a type."""
    return next((tuple(known_size(dim) for dim in images.dims) for images in _images(type_)), None)
