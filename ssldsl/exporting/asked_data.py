"""Data that a person names for a run: a folder of images, or an expression in the words of the spec."""

from pathlib import Path

from attrs import evolve

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.ops.data import Samples
from ssldsl.ops.image_folders import read_unlabeled
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.measure import data_of_node
from ssldsl.runtime.failures import explaining_data_at
from ssldsl.runtime.folder.request import Request
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse_expression

STREAM = "asked_data"  # what the expression is called while the spec is read with it


def asked_data(request: Request, text: str) -> Samples:
    """The samples of a folder, all images in it, or of an expression such as `images.test.subset(100)`.

    The expression sees what the spec of the run declares. Raises what is wrong with it, R404 for a folder without
    images, R304 for views: those of the evaluation are applied.
    """
    if Path(text).is_dir():
        with explaining_data_at(lambda: None):
            return read_unlabeled(Path(text))
    expression = parse_expression(Source("DATA", text))
    if isinstance(expression, tree.Binary) and expression.op == ">>":
        message = f"`{text}` has views: those of an `eval` of the run are applied, as the network knows them"
        help_ = f"write `{expression.left.span.text}`, and choose the views by `--eval`"
        raise SpecError(Diagnostic("R304", message, help=help_))
    return _samples(request, text)


def _samples(request: Request, text: str) -> Samples:
    whole = evolve(request, spec=f"{request.spec} with DATA", text=f"{request.text}\nstream {STREAM} = {text}\n")
    checked = whole.checked()
    try:
        program = checked.unwrap()
    except SpecError as error:
        raise _with_folder(error, text) from None
    stream = next((s for s in program.streams if s.name == STREAM and s.data is not None), None)
    if stream is None or stream.data is None:
        message = f"`{text}` is a stream, and data are wanted"
        raise SpecError(Diagnostic("R304", message, help="name what it draws from, such as `images.test`"))
    return data_of_node(stream.data, Datasets(checked.library, Path(request.spec).parent))


def _with_folder(error: SpecError, text: str) -> SpecError:
    """The same error; where the text may be meant as a folder, it also says that there is none."""
    if "(" in text or not any(sign in text for sign in "/\\"):
        return error
    parent = Path(text).parent
    near = did_you_mean(text, [str(path) for path in parent.iterdir()]) if parent.is_dir() else ""
    return SpecError(Diagnostic("R404", f"there is no folder `{text}`", help=near))
