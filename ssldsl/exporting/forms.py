"""The forms of `ssldsl export`: one that takes all modules of a run, and those that take a network."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ssldsl.exporting.model_weights import timm_weights, torchvision_weights
from ssldsl.exporting.programs import onnx_program, torch_program
from ssldsl.exporting.trained import Trained

Form = Callable[[Trained, Path, str], list[Path]]  # a network, the folder, the model that it is to be loaded into
FORMS: Mapping[str, Form] = {
    "torchvision": torchvision_weights,
    "timm": timm_weights,
    "torch-export": torch_program,
    "onnx": onnx_program,
}
