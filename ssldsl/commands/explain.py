"""`ssldsl explain`: the page behind a code of a diagnostic, with an example, its cure and why the language insists."""

import click

from ssldsl import resources
from ssldsl.errors import Diagnostic, SpecError, did_you_mean

FAMILIES = {
    "S": "syntax",
    "N": "names",
    "T": "types, shapes and settings",
    "D": "dataflow: labels, gradients, draws, time and stages",
    "L": "allowed, and probably not meant",
    "R": "files, resources and the run",
}


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """What an error CODE means, with an example and its cure; without one, all codes."""
    click.echo(page(code) if code is not None else contents(), nl=False)


def contents() -> str:
    """Every code with what it means, family by family."""
    families = ((letter, words, [c for c in codes() if c[0] == letter]) for letter, words in FAMILIES.items())
    blocks = (
        "".join([f"{letter}: {words}\n", *(f"  {c}  {title(c)}\n" for c in of)]) for letter, words, of in families
    )
    return "\n".join(blocks)


def codes() -> list[str]:
    """All codes that have a page, family by family."""
    found = [path.stem for path in resources.explanations().glob("*.md")]
    return sorted(found, key=lambda code: (list(FAMILIES).index(code[0]), code))


def title(code: str) -> str:
    """What a code means, in a few words."""
    first = page(code).split("\n", 1)[0]
    return first.removeprefix(f"# {code}: ")


def page(code: str) -> str:
    """The page of a code, in Markdown. `SpecError` for a code that there is not."""
    wanted = code.strip("[]").upper()
    known = codes()
    if wanted not in known:
        family = [c for c in known if c[0] == wanted[:1] and not wanted[1:].isalpha()]
        listed = f"codes of this family: {', '.join(family)}"
        families = f"families are: {', '.join(f'{letter} ({words})' for letter, words in FAMILIES.items())}"
        help = did_you_mean(wanted, known) or (listed if family else families)
        raise SpecError(Diagnostic("R304", f"there is no code `{code}`", help=help))
    return resources.explanation(wanted).read_text(encoding="utf-8")
