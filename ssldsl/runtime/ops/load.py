"""The Python object behind an op: its function or class, imported when a run needs it."""

import importlib
import importlib.util
import sys
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from torch import nn

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import NodePlan
from ssldsl.ops.settings import is_file, setting_type
from ssldsl.ops.signature import Signature
from ssldsl.runtime.ops.errors import OP_ERRORS, USER_MODULE, raised_at
from ssldsl.runtime.spans import span_of


class OpSource(Protocol):
    """What knows signatures by name: a library, or the ops of one program."""

    def get(self, name: str) -> Signature | None: ...


def signature_of(library: OpSource, name: str) -> Signature:
    """The signature of an op that a plan names."""
    signature = library.get(name)
    if signature is None:
        raise InternalError(f"the plan names the op `{name}`, which the library does not have")
    return signature


@cache
def _file_module(path: str) -> ModuleType:
    """A user's own op file as a module, run once."""
    name = f"{USER_MODULE}{Path(path).stem}_{zlib.crc32(path.encode()):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InternalError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except OP_ERRORS as error:
        message = f"the ops of `{path}` cannot be loaded: {type(error).__name__}: {error}"
        raise SpecError(Diagnostic("R406", message, hints=raised_at(error))) from error
    return module


def with_files(signature: Signature, settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings of an op; names of files and folders in the folder of the spec are whole paths."""
    files = {s.name for s in signature.settings if is_file(setting_type(s.annotation))}
    named = {name: folder / value for name, value in settings.items() if name in files and value}
    return {**settings, **{name: str(path) for name, path in named.items() if path.exists()}}


def file_op(path: str, name: str) -> Callable[..., Any]:
    """The op of a user's own file."""
    return _marked(_file_module(path), name)


def op_object(signature: Signature) -> Callable[..., Any]:
    """The function or class that a signature describes."""
    if not signature.module:
        return file_op(signature.path, signature.name)
    return _marked(importlib.import_module(signature.module), signature.name)


def _marked(module: ModuleType, name: str) -> Callable[..., Any]:
    """The object in a module that `@op` marks: of that name, or the class whose name in lower case it is."""
    marked = {
        key: value
        for key, value in vars(module).items()
        if hasattr(value, "ssldsl_traits") and getattr(value, "__module__", "") == module.__name__
    }
    plain = name.replace("_", "").lower()
    found = marked.get(name) or next((v for k, v in marked.items() if k.replace("_", "").lower() == plain), None)
    if found is None and len(marked) == 1:
        found = next(iter(marked.values()))
    if found is None:
        raise InternalError(f"no op `{name}` in {module.__name__}, only {sorted(marked)}")
    return found  # type: ignore[no-any-return]  # what `@op` marks is callable


def check_unnamed(module: nn.Module, node: NodePlan) -> None:
    """Refuse a module that is called without a name and holds values: no checkpoint could have them."""
    held = list(module.state_dict())
    if held:
        names = ", ".join(held)
        message = f"`{node.op}` holds values of its own ({names}), and without a name no checkpoint could have them"
        place = span_of(node.places[0]) if node.places else None
        raise SpecError(Diagnostic("R406", message, place, help=f"declare it: `head NAME = {node.op}(...)`"))
