"""`ssldsl new`: a spec to begin with."""

from pathlib import Path

import click

from ssldsl.errors import Diagnostic, SpecError

METHODS = {
    "supervised": ("labels alone", "ce(labeled)"),
    "rotation": ("S4L-Rotation", "ce(labeled) + 0.7*rotation(labeled | unlabeled)"),
    "vat": ("virtual adversarial training", "ce(labeled) + 0.3*vat(unlabeled)"),
    "fixmatch": ("FixMatch", "ce(labeled) + fixmatch(unlabeled, random_shift(unlabeled, 3))"),
}
SHIPPED = "digits()"
SIDE = 64  # pixels, of images whose sizes differ
UNEQUAL = ("D413", "T311")  # what `check` says of them


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--method", type=click.Choice(list(METHODS)), prompt=True, default="vat", help="What it trains.")
@click.option(
    "--data", prompt="Data, as a spec names them", default=SHIPPED, help='digits(), image_folder("photos"), ...'
)
@click.option(
    "--labels", type=click.IntRange(min=1), prompt="Labeled images", default=100, help="Of the training part."
)
@click.option("--net", prompt="Network", default="convnet(width=32)", help="convnet(width=32), resnet18(), ...")
@click.option(
    "--size", type=click.IntRange(min=1), help="Side of the images in pixels, where those of the data differ."
)
def new(path: Path, method: str, data: str, labels: int, net: str, size: int | None) -> None:
    """Write a spec to begin with to PATH; what is not said by an option is asked."""
    from ssldsl.check import check
    from ssldsl.source import Source
    from ssldsl.syntax.formatter import format_text

    if path.exists():
        raise SpecError(Diagnostic("R302", f"`{path}` is there already", help="take another name, or remove it"))
    for side in (size,) if size else (None, SIDE):
        text = format_text(Source(str(path), spec(method, data, labels, net, side)))
        found = check(Source(str(path), text))
        if not any(diagnostic.code in UNEQUAL for diagnostic in found.diagnostics):
            break
    found.unwrap()  # what was said may be no data and no network
    if side and not size:
        click.echo(f"images may differ in size, and are brought to {SIDE} by {SIDE} pixels (`--size`)", err=True)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{path}` cannot be written: {error.strerror}")) from None
    click.echo(f"wrote {path}; `ssldsl check {path}`, then `ssldsl run {path}`", err=True)


def spec(method: str, data: str, labels: int, net: str, size: int | None = None) -> str:
    """The text of a spec, not yet in its form. `size`: what images are brought to, in pixels."""
    title, loss = METHODS[method]
    rows = min(50, labels)
    sized = f" >> resize({size})" if size else ""
    has_others = method != "supervised"
    lines = [
        f"# {title[0].upper()}{title[1:]}, {labels} labels.",
        "ssl 1",
        f"data images = {data}",
        f"stream labeled = images.train.subset({labels}, seed=0){sized} >> random_shift(1)",
        *([f"stream unlabeled = unlabel(images.train){sized} >> random_shift(1)"] if has_others else []),
        f"net encoder = {net}",
        "head classes = linear(encoder.dim, images.classes)",
        "",
        f"loss = {loss}",
        "optimizer = sgd(lr=0.1 * cosine(), momentum=0.9)",
        f"batch = {f'{{labeled: {rows}, unlabeled: 100}}' if has_others else rows}",
        f"run = {'30ep' if has_others else '500it'}",
        *(["clock = unlabeled"] if has_others else ["evaluate = 10%"]),
        f"eval top1(images.test{sized})",
    ]
    return "\n".join(lines) + "\n"
