"""`ssldsl export`: final weights for use without ssldsl."""

from pathlib import Path

import click

from ssldsl.errors import Diagnostic, SpecError

ALL = "safetensors"


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="Where to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice([ALL, "torchvision", "timm", "torch-export", "onnx"]),
    default=ALL,
    show_default=True,
    help="A file for every module, or one network in the form of another library.",
)
@click.option("--net", default="", metavar="NAME", help="The network. [default: the first of the spec]")
@click.option("--head", default="", metavar="NAME", help="A head that goes with it, such as the classifier.")
@click.option("--like", default="", metavar="MODEL", help="The model that is to load it. [default: the network's op]")
@click.option("--stage", default="", help="The stage whose end is taken. [default: the last]")
@click.option("--average/--no-average", default=True, help="Averaged weights, where the stage keeps an average.")
@click.option("--card/--no-card", default=True, help="Write a model card and the drawing beside them.")
def export(
    folder: Path, out: Path, form: str, net: str, head: str, like: str, stage: str, average: bool, card: bool
) -> None:
    """Write the final weights of the run in FOLDER for use without ssldsl, and a model card.

    torchvision and timm load their file with `load_state_dict`; without `--head` only their classifier is missing.
    """
    from ssldsl.exporting.card import write_card

    if form == ALL and (net or head or like):
        message = f"`--format {ALL}` writes every module: `--net`, `--head` and `--like` go with the other forms"
        raise SpecError(Diagnostic("R304", message))
    files = _write(folder, out, form, net, head, like, stage, average)
    for path in [*files, *(write_card(folder, out, files, form) if card else [])]:
        click.echo(path)


def _write(folder: Path, out: Path, form: str, net: str, head: str, like: str, stage: str, average: bool) -> list[Path]:
    from ssldsl.exporting.forms import FORMS
    from ssldsl.exporting.trained import read_trained
    from ssldsl.runtime.folder.export import export as export_all

    if form == ALL:
        return export_all(folder, out, stage=stage, average=average)
    trained = read_trained(folder, net=net, head=head, stage=stage, average=average)
    was_there = out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        return FORMS[form](trained, out, like or trained.op)
    except SpecError:
        if not was_there and not any(out.iterdir()):
            out.rmdir()
        raise
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{out}` cannot be written: {error.strerror or error}")) from None
