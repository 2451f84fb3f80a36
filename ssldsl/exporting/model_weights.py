"""Weights as a model of torchvision or timm loads them: its own names, the head as its classifier."""

from pathlib import Path

from safetensors.torch import save
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.exporting.trained import Trained
from ssldsl.runtime.folder.checkpoint import write_whole

CLASSIFIER = {"weight", "bias"}


def torchvision_weights(trained: Trained, out: Path, like: str) -> list[Path]:
    """A file for `torchvision.models.get_model(like)`. Raises R304 for no such model, R422 for one that differs."""
    import torchvision

    try:
        model = torchvision.models.get_model(like, weights=None, num_classes=_classes(trained))
    except ValueError:
        raise _unknown("torchvision", like) from None
    return [_write(trained, out, model, f"torchvision.models.{like}")]


def timm_weights(trained: Trained, out: Path, like: str) -> list[Path]:
    """A file for `timm.create_model(like)`. Raises R304, R422 as above, R430 where timm is not installed."""
    try:
        import timm
    except ImportError:
        message = "the form `timm` needs the package `timm`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[timm]"`')) from None
    try:
        model = timm.create_model(like, pretrained=False, num_classes=_classes(trained))
    except RuntimeError:
        raise _unknown("timm", like) from None
    return [_write(trained, out, model, f"timm model {like}")]


def _classes(trained: Trained) -> int:
    weight = _layer(trained).get("weight")
    return len(weight) if weight is not None else 1000


def _layer(trained: Trained) -> dict[str, Tensor]:
    """Weight and bias of a head that is one linear layer; of another, and of none, nothing that a classifier has."""
    state = trained.head.state_dict() if trained.head is not None else {}
    short = {key.rpartition(".")[2]: value for key, value in state.items()}
    return short if len(short) == len(state) else state


def _write(trained: Trained, out: Path, model: nn.Module, name: str) -> Path:
    """Write the weights, once the model itself has loaded them."""
    wanted, found = model.state_dict(), dict(trained.net.state_dict())
    missing = sorted(wanted.keys() - found.keys())
    prefixes = {key.rpartition(".")[0] for key in missing}
    is_classifier = len(prefixes) == 1 and {key.rpartition(".")[2] for key in missing} <= CLASSIFIER
    if trained.head is not None and is_classifier:
        (prefix,) = prefixes
        found |= {f"{prefix}.{key}": value for key, value in _layer(trained).items()}
    _check_fit(trained, wanted, found, name, is_classifier and trained.head is None)
    model.load_state_dict(found, strict=trained.head is not None)
    file = out / f"{trained.path}.safetensors"
    write_whole(file, save({key: value.contiguous() for key, value in found.items()}, metadata={"format": "pt"}))
    return file


def _check_fit(
    trained: Trained, wanted: dict[str, Tensor], found: dict[str, Tensor], name: str, without_classifier: bool
) -> None:
    missing = [] if without_classifier else sorted(wanted.keys() - found.keys())
    other = sorted(found.keys() - wanted.keys())
    shapes = [
        f"`{key}` is {tuple(found[key].shape)}, there {tuple(wanted[key].shape)}"
        for key in sorted(wanted.keys() & found.keys())
        if wanted[key].shape != found[key].shape
    ]
    hints = [f"missing: {', '.join(missing[:3])}"] if missing else []
    hints += [f"not there: {', '.join(other[:3])}"] if other else []
    if hints or shapes:
        message = f"the weights of `{trained.path}` ({trained.op}) do not fit {name}"
        help_ = "name the model that has the same layers by `--like`, or take `--format safetensors`"
        raise SpecError(Diagnostic("R422", message, hints=(*hints, *shapes[:3]), help=help_))


def _unknown(library: str, like: str) -> SpecError:
    return SpecError(Diagnostic("R304", f"{library} has no model `{like}`", help="name one of its models by `--like`"))
