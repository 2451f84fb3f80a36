"""Weights from a file into a network that an op builds. Only tensors are read: no file is executed."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

# Under these keys training programs keep the weights beside other things.
WRAPPERS = ("state_dict", "model", "net")
SHOWN = 5


class UnfitWeights(ValueError):
    """The file cannot be read, or what it holds does not fit the network."""


def tensors_of(file: str | Path) -> dict[str, Tensor]:
    """The named tensors of a file: safetensors, or what `torch.save` wrote, without any code in it."""
    path = Path(file)
    try:
        content = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UnfitWeights(f"there is no file {path}") from error
    except UnpicklingError as error:
        raise UnfitWeights(f"{path} holds Python objects besides tensors, which are not loaded") from error
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise UnfitWeights(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from error
    except (LookupError, TypeError, AttributeError) as error:  # what reading arbitrary bytes ends in
        raise UnfitWeights(f"{path} is no file of weights") from error
    while isinstance(content, dict) and (wrapper := next((w for w in WRAPPERS if w in content), None)) is not None:
        content = content[wrapper]
    tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)} if isinstance(content, dict) else {}
    if not tensors:
        raise UnfitWeights(f"{path} holds no named tensors")
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def load_weights(net: nn.Module, file: str | Path) -> None:
    """Fill every weight of the network from the file, which may hold more (a classifier); else `UnfitWeights`."""
    found, wanted = tensors_of(file), net.state_dict()
    # batch counters are younger than the files of some models, and nothing is computed from them
    missing = [name for name in wanted if name not in found and not name.endswith("num_batches_tracked")]
    wrong = [
        f"{name} is {list(found[name].shape)} there and {list(tensor.shape)} here"
        for name, tensor in wanted.items()
        if name in found and found[name].shape != tensor.shape
    ]
    if missing or wrong:
        reasons = [f"missing: {some(missing)}"] * bool(missing) + [f"other shapes: {some(wrong)}"] * bool(wrong)
        raise UnfitWeights(f"the weights of {file} do not fit: {'; '.join(reasons)}")
    net.load_state_dict(kept(found, wanted), strict=False)


def kept(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: found[name] for name in wanted if name in found}


def some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
