"""Random inputs of the shapes that an op declares."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import declared
import torch
from small_nets import FrozenOnly, conv_classifier, rng_for
from torch import Tensor, nn

from ssldsl.ops.signature import REQUIRED, Edge, Signature
from ssldsl.types import LIKE_INPUT, parse_dim

ROOT = Path(__file__).parents[2]
# Images of 32 pixels: the ImageNet nets bring 16 pixels to one, and there torch's bf16 convolution of stride 2 on the
# CPU reads memory that nobody wrote (weight gradients of an arbitrary size, at times NaN; seen with torch 2.15).
SIZES = {
    "batch": 6,
    "samples": 6,
    "bank": 24,
    "centroids": 7,
    "support": 7,
    "queue": 9,
    "channels": 3,
    "height": 32,
    "width": 32,
    "rows": 2,  # of patches of 16 pixels
    "columns": 2,
    "dim": 8,
    "classes": 5,
    "clusters": 4,
    "parts": 2,
    "others": 12,
    "groups": 4,
    "kept": 3,
    "places": 4,  # a square
}

ROW = torch.empty(SIZES["dim"])  # an example of a row, for memories of any kind


def op_of(signature: Signature) -> Callable[..., Any]:
    """The function, or the module built with small sizes."""
    module = importlib.import_module(signature.module)
    marked = [v for v in vars(module).values() if getattr(v, "__module__", "") == signature.module]
    found: Callable[..., Any] = next(v for v in marked if "ssldsl_traits" in vars(v))
    if not signature.is_module:
        return found
    sizes = {s: ROW if s == signature.takes_row else size_of(s) for s in signature.sizes}
    return found(**sizes, **settings_of(signature))


def settings_of(signature: Signature) -> dict[str, Any]:
    """The settings that the op's test declares; those without a default are all among them."""
    given = {s.name: _halfway for s in signature.settings if s.annotation == "Schedule"} | declared.settings(signature)
    missing = [s.name for s in signature.settings if s.default is REQUIRED and s.name not in given and s.name != "lr"]
    values = ", ".join(f'"{name}": ...' for name in missing)
    path = declared.test_file(signature).relative_to(ROOT)
    assert not missing, f"`{signature.name}` has settings without a default: write SETTINGS = {{{values}}} in {path}"
    return given


def _halfway(step: float, steps: float) -> float:
    """A schedule, for those that read one."""
    return 0.5 + 0.25 * (step % 2)


def size_of(dim: str) -> int:
    """The size that a dimension has in the tests of all ops."""
    assert dim in SIZES, f"write a size for the dimension `{dim}` in SIZES of tests/stdlib/op_inputs.py"
    return SIZES[dim]


def tensor_for(edge: Edge, settings: Mapping[str, Any]) -> Tensor:
    """Random values of the kind and shape that the edge declares."""
    rest = ("dim",) if edge.kind in LIKE_INPUT else ("channels", "height", "width")
    dims = ("batch", *rest) if edge.dims == ("batch", "...") else tuple(d for d in edge.dims if d != "...")
    shape = [parse_dim(d, size_of, (SIZES | settings).__getitem__).value for d in dims]
    generator = torch.Generator().manual_seed(len(edge.name))
    if edge.kind == "Labels":
        return torch.randint(SIZES["classes"], shape, generator=generator)
    if edge.kind in ("Positions", "Places"):
        return torch.randint(parse_dim(edge.count, size_of).value or 0, shape, generator=generator)
    is_part = edge.kind in ("Images", "Values", "Weights")
    values = torch.rand(shape, generator=generator) if is_part else torch.randn(shape, generator=generator)
    if edge.kind == "Masks":
        values = (values > 0).float()
    if edge.kind == "Probs":
        values = values.softmax(dim=-1)
    if edge.kind == "Embeddings":
        values = nn.functional.normalize(values, dim=-1)
    return values


def arguments_for(signature: Signature) -> dict[str, Any]:
    """Everything that a call needs: edges by name, random numbers, and the settings that have no default."""
    found: dict[str, Any] = {}
    for edge in signature.edges:
        if edge.kind == "Net":
            found[edge.name] = FrozenOnly(net_for(signature))
        else:
            settings = {s.name: s.default for s in signature.settings} | settings_of(signature)
            tensors = [tensor_for(edge, settings) for _ in range(2 if edge.many else 1)]
            learns = tensors[0].is_floating_point() and not edge.detached
            tensors = [t.requires_grad_() if learns else t for t in tensors]
            found[edge.name] = tensors if edge.many else tensors[0]
    if signature.uses_rng:
        found["rng"] = rng_for(SIZES["batch"])
    return found if signature.is_module else {**found, **settings_of(signature)}


def net_for(signature: Signature) -> nn.Module:
    """A network for what the op applies it to: rows of numbers, or images."""
    applied = signature.edge(signature.traits.applied_to)
    if applied is None or len(applied.dims) > 2:
        return conv_classifier(SIZES["classes"])
    return nn.Linear(size_of(applied.dims[-1]), SIZES["dim"])


def learning_tensors(op: Callable[..., Any], arguments: dict[str, Any]) -> list[Tensor]:
    """What a gradient may reach: inputs, and weights of the op or of a network it takes."""
    tensors = [t for a in arguments.values() for t in (a if isinstance(a, list) else [a])]
    found = [t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
    nets = [a.function for a in arguments.values() if isinstance(a, FrozenOnly)]
    for module in [op, *nets]:
        found += list(module.parameters()) if isinstance(module, nn.Module) else []
    return found
