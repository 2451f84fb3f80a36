"""Networks as programs that run without their Python: `torch.export`, ONNX."""

from pathlib import Path

import torch

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.exporting.trained import Trained


def torch_program(trained: Trained, out: Path, like: str) -> list[Path]:
    """A program for `torch.export.load`, for any number of rows."""
    file = out / f"{trained.path}.pt2"
    rows = {0: torch.export.Dim("batch")}
    program = torch.export.export(trained.whole.eval(), (trained.example,), dynamic_shapes=(rows,))
    torch.export.save(program, file)
    return [file]


def onnx_program(trained: Trained, out: Path, like: str) -> list[Path]:
    """An ONNX file, for any number of rows. Raises R430 where `onnx` or `onnxscript` is not installed."""
    try:
        import onnx  # noqa: F401  # torch needs both
        import onnxscript  # noqa: F401
    except ImportError as error:
        message = f"the form `onnx` needs the package `{error.name}`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[onnx]"`')) from None
    file = out / f"{trained.path}.onnx"
    rows = {0: torch.export.Dim("batch")}
    torch.onnx.export(
        trained.whole.eval(), (trained.example,), file, input_names=["input"], output_names=["output"],
        dynamic_shapes=(rows,), dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip
    return [file]
