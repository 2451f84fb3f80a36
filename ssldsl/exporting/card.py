"""A model card: what the exported weights are, what they reach, how they were trained, what to cite."""

from collections.abc import Sequence
from pathlib import Path

from ssldsl.citations import bibliography
from ssldsl.drawing import draw
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import RESOLVED, read_summary

CARD, PICTURE = "README.md", "method.svg"


def write_card(run: Path, out: Path, files: Sequence[Path], form: str) -> list[Path]:
    """`README.md` and `method.svg` beside exported files. Both are made from what the run folder holds."""
    request = Request.read(run)
    parts = [
        f"# {Path(request.spec).stem}",
        f"Weights of a run of ssldsl, as {form}: {', '.join(f'`{file.name}`' for file in files)}.",
        _results(run),
    ]
    written = [out / CARD]
    try:
        checked = request.checked()
        write_whole(out / PICTURE, draw(checked.unwrap(), "svg").encode())
        written.append(out / PICTURE)
        parts += [f"![The method as a graph]({PICTURE})"]
        cite = ["## To cite", f"```bibtex\n{bibliography(checked).strip()}\n```"]
    except SpecError:  # a file that the spec uses is gone: the weights are there all the same
        cite = []
    parts += ["## The experiment", f"```\n{(run / RESOLVED).read_text(encoding='utf-8').strip()}\n```", *cite]
    write_whole(out / CARD, ("\n\n".join(filter(None, parts)) + "\n").encode())
    return written


def _results(run: Path) -> str:
    rows = [
        f"| {stage} | {name} | {value:.4f} |"
        for stage, found in read_summary(run).get("stages", {}).items()
        for name, value in found.items()
        if isinstance(value, float)
    ]
    return "\n".join(["| stage | metric | value |", "|---|---|---|", *rows]) if rows else ""
