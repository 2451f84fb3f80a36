"""Weights in files: which tensors a file holds, under which names, and whether they fit a network.

Only tensors are read: no file is executed.
"""

import argparse
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

# Under these keys training programs keep the weights beside other things.
WRAPPERS = ("state_dict", "model", "net")
# What data parallel training and `torch.compile` put before the name of every weight.
ADDED = ("module.", "_orig_mod.")
COUNTER = "num_batches_tracked"
SHOWN = 5


class UnfitWeights(ValueError):
    """The file cannot be read, or what it holds does not fit the network. `why`: without the name of the file."""

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why or message


def tensors_of(file: str | Path, *, key: str = "", prefix: str = "") -> dict[str, Tensor]:
    """The named tensors of a file: safetensors, or what `torch.save` wrote, without any code in it.

    key: which of several dicts in the file, as `teacher`. prefix: only names below it, without it: `backbone.` or
    `backbone`. Wrappers around the tensors (`state_dict`), and `module.` before all names, are left out by themselves.
    """
    path = Path(file)
    tensors = _named_tensors(path, _chosen(path, _content(path), key))
    return _below_prefix(path, tensors, prefix) if prefix else tensors


class Unread:
    """Stands for a Python object in a file: whatever it is called and given, it is nothing, and nothing runs."""

    def __new__(cls, *_: object) -> "Unread":
        return object.__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Forget it."""


class UnreadMapping:
    """Stands for a dict of somebody's own class: its entries, which may be tensors, are those of a dict."""

    def __new__(cls, *_: object) -> "OrderedDict[str, Any]":  # type: ignore[misc]  # what PyTorch may put entries into
        return OrderedDict()


def _content(path: Path) -> Any:
    """What a file holds."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        try:
            return _loaded(path, [])
        except UnpicklingError:
            return _without_objects(path)
    except FileNotFoundError as error:
        raise UnfitWeights(f"there is no file {path}", "there is no such file") from error
    except UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        why = f"it holds Python objects besides tensors, which are not loaded{f': {named[1]}' if named else ''}"
        raise _unreadable(path, why) from error
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise _unreadable(path, str(error).partition("\n")[0] or type(error).__name__) from error
    except (LookupError, TypeError, AttributeError) as error:  # what reading arbitrary bytes ends in
        raise _unreadable(path, "it is no file of weights") from error


def _loaded(path: Path, stand_ins: Sequence[Any]) -> Any:
    # a plain record of command line arguments, which many training programs save beside the weights
    with torch.serialization.safe_globals([argparse.Namespace, *stand_ins]):
        return torch.load(path, map_location="cpu", weights_only=True)


def _without_objects(path: Path) -> Any:
    """What a file holds beside objects of classes that are not read, as Lightning's settings and NumPy's numbers.

    The names of their classes are given to what does nothing. Raises `UnpicklingError` where no tensors are left.
    """
    names = _classes_in(path)
    for mapping in (UnreadMapping, Unread):
        stand_ins = [(Unread if name.startswith("numpy.") else mapping, name) for name in names]
        with suppress(UnpicklingError, TypeError, ValueError, AttributeError):
            content = _loaded(path, stand_ins)
            if _holds_tensors(content) or _keys_of_tensors(content):
                return content
    return _loaded(path, [])  # says which class it is


def _classes_in(path: Path) -> list[str]:
    try:
        return torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except ValueError:  # the format before 2020
        return []


def _chosen(path: Path, content: Any, key: str) -> Any:
    """The dict under a key, and what wrappers hold."""
    content = _unwrapped(content, key)
    if not key:
        return content
    found = _at(content, key)
    if found is None:
        raise _unreadable(path, f'it holds nothing under the key "{key}"{_keys(content)}')
    return _unwrapped(found)


def _at(content: Any, key: str) -> Any:
    """What stands under a key, or under several, one in another, with dots between them; nothing if that is not so."""
    if not isinstance(content, dict):
        return None
    inside = (_at(value, key[len(name) + 1 :]) for name, value in content.items() if key.startswith(f"{name}."))
    return content[key] if key in content else next((value for value in inside if value is not None), None)


def _unwrapped(content: Any, key: str = "") -> Any:
    while isinstance(content, dict) and key not in content:
        wrapper = next((w for w in WRAPPERS if w in content), None)
        if wrapper is None:
            break
        content = content[wrapper]
    return content


def _keys(content: Any) -> str:
    if not isinstance(content, dict) or not content:
        return ""
    return f"; its keys: {some([str(k) for k in content])}"


def _named_tensors(path: Path, content: Any) -> dict[str, Tensor]:
    tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)} if isinstance(content, dict) else {}
    if not tensors:
        inside = [f'key="{key}"' for key in _keys_of_tensors(content)]
        choose = f" by itself, but dicts of them inside: choose one with {' or '.join(inside)}" if inside else ""
        raise _unreadable(path, f"it holds no named tensors{choose or _keys(content)}")
    for added in ADDED:
        if all(name.startswith(added) for name in tensors):
            tensors = below(tensors, added)
    return tensors


def _keys_of_tensors(content: Any) -> list[str]:
    """The keys, as `key` takes them, of the dicts in a file that hold tensors: those that lie least deep."""
    level = {str(k): v for k, v in content.items()} if isinstance(content, dict) else {}
    while level:
        found = [key for key, value in level.items() if _holds_tensors(value)]
        if found:
            return found
        level = {f"{key}.{k}": v for key, inner in level.items() if isinstance(inner, dict) for k, v in inner.items()}
    return []


def _holds_tensors(value: Any) -> bool:
    value = _unwrapped(value)
    return isinstance(value, dict) and any(isinstance(v, Tensor) for v in value.values())


def _below_prefix(path: Path, tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    found = below(tensors, f"{prefix.removesuffix('.')}.")
    if not found:
        raise _unreadable(path, f'no name in it begins with "{prefix}"; it holds: {some(list(tensors))}')
    return found


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, named without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _unreadable(path: Path, why: str) -> UnfitWeights:
    return UnfitWeights(f"{path} cannot be read: {why}", why)


def misfits(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """What keeps the wanted tensors from being taken from those found, in words; nothing where they fit.

    Counters of batches may be missing: they are younger than the files of some models, and nothing is computed from
    them.
    """
    missing = [name for name in wanted if name not in found and not name.endswith(COUNTER)]
    wrong = [
        f"`{name}` is {list(found[name].shape)} there and {list(tensor.shape)} here"
        for name, tensor in wanted.items()
        if name in found and found[name].shape != tensor.shape
    ]
    return [f"missing: {some(missing)}"] * bool(missing) + [f"shapes: {some(wrong)}"] * bool(wrong)


def prefixes_of(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """The prefixes below each of which all lies that is wanted, in its shapes; an empty one for the names alone."""
    first = next(iter(wanted), "")
    prefixes = [name.removesuffix(first) for name in found if f".{name}".endswith(f".{first}")]
    return [prefix for prefix in prefixes if not misfits(below(found, prefix), wanted)]


def load_weights(net: nn.Module, file: str | Path) -> None:
    """Fill every weight of the network from the file, which may hold more (a classifier); else `UnfitWeights`."""
    found, wanted = tensors_of(file), net.state_dict()
    if reasons := misfits(found, wanted):
        prefixes = prefixes_of(found, wanted)
        if len(prefixes) != 1:
            raise UnfitWeights(f"the weights of {file} do not fit: {'; '.join(reasons)}")
        found = below(found, prefixes[0])
    net.load_state_dict({name: found.get(name, tensor) for name, tensor in wanted.items()})


def some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
