"""The import lines of generated code."""

from collections.abc import Collection, Mapping

from ssldsl.ops.signature import Signature
from ssldsl.runtime.ops.load import op_object
from ssldsl.runtime.step.printer import literal

TOOLS = {
    "AtRest": "ssldsl.runtime.nets.modes",
    "Callable": "collections.abc",
    "Composition": "ssldsl.runtime.nets.composition",
    "Rows": "ssldsl.ops.random",
    "SampleRng": "ssldsl.ops.random",
    "StageStep": "ssldsl.runtime.step.module",
    "Steady": "ssldsl.runtime.nets.modes",
    "gather": "ssldsl.runtime.device.collectives",
    "images_to_float": "ssldsl.ops.image_files",
    "key_of": "ssldsl.ops.random",
    "local": "ssldsl.runtime.device.collectives",
}  # what generated code may call beside ops -> where it is


def import_lines(tools: Collection[str], used: Mapping[str, Signature], *, is_evaluation: bool) -> list[str]:
    """Imports of the runtime names and the ops that are called; an op of a file of one's own is loaded from it."""
    groups: dict[str, set[str]] = {"collections.abc": {"Mapping"}}
    if is_evaluation:
        groups["collections.abc"].add("Sequence")
    else:
        groups["ssldsl.runtime.step.module"] = {"StageStep"}
    for tool in tools:
        groups.setdefault(TOOLS[tool], set()).add(tool)
    files = []
    for name, signature in sorted(used.items()):
        if signature.module:
            groups.setdefault(signature.module, set()).add(function_name(name, signature))
        else:
            files.append(f"{function_name(name, signature)} = file_op({literal(signature.path)}, {literal(name)})")
    if files:
        groups["ssldsl.runtime.ops.load"] = {"file_op"}
    abstract = ", ".join(sorted(groups.pop("collections.abc")))
    ours = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(groups.items())]
    head = [f"from collections.abc import {abstract}", "", "import torch", "from torch import Tensor, nn", ""]
    return head + ours + (["", *files] if files else [])


def function_name(op: str, signature: Signature) -> str:
    """The Python name of an op: of a class it is not the op's own."""
    return op_object(signature).__name__ if signature.is_module else op
