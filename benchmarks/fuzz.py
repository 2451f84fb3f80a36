"""Mutants of the shipped specs through the front end: `python -m benchmarks.fuzz --count 50000`.

A mutant is a spec or a snippet with pieces exchanged, left out, doubled or cut. `check` must answer: a program, or
diagnostics; never an exception, and never for long. What breaks that is written below `--out`, to be read.
"""

import random
import re
import time
from itertools import pairwise
from pathlib import Path

import click

from ssldsl.check import check_everything
from ssldsl.check.resolving import resolve
from ssldsl.errors import render_all
from ssldsl.source import Source

ROOT = Path(__file__).parents[1]
PIECES = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|[A-Za-z_]\w*|[\d.]+\w*%?|\s+|#[^\n]*|>>|\*\*|[<>=!]=|->|.", re.DOTALL)


def texts() -> list[list[str]]:
    """Specs that are right, and specs that are wrong, each in its own way; a mutant comes of either as often."""
    folders = (ROOT / "specs", ROOT / "tests" / "language" / "corpus")
    return [[path.read_text("utf-8") for path in sorted(folder.glob("*.ssl"))] for folder in folders]


def mutant(pieces: list[str], pool: list[str], rng: random.Random) -> str:
    """One text with one to four changes."""
    pieces = pieces.copy()
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(pieces))
        match rng.randrange(6):
            case 0:
                pieces[at] = rng.choice(pool)
            case 1:
                pieces.insert(at, rng.choice(pool))
            case 2:
                pieces[at] = ""
            case 3:
                other = rng.randrange(len(pieces))
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case 4:
                end = min(len(pieces), at + rng.randint(1, 30))
                pieces[at:at] = pieces[at:end]
            case _:
                del pieces[at : at + rng.randint(1, 12)]
                pieces = pieces or [" "]
    return "".join(pieces)


def answered(text: str, seconds: list[float]) -> bool:
    """Check a text, resolve what is right and check that again. Gives whether it is right; notes when each was done."""
    found = check_everything(Source("mutant.ssl", text))
    render_all(found.diagnostics)
    if found.program is None:
        return False
    seconds.append(time.process_time())
    resolved = resolve(found)
    seconds.append(time.process_time())
    check_everything(Source("resolved.ssl", resolved)).unwrap()
    return True


@click.command()
@click.option("--count", default=50_000, show_default=True, help="Mutants.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--slow",
    default=2.0,
    show_default=True,
    help="Processor seconds after which an answer (of check, of resolve) counts as slow.",
)
@click.option("--out", default="fuzzed", show_default=True, type=click.Path(path_type=Path), help="For what broke it.")
def main(count: int, seed: int, slow: float, out: Path) -> None:
    rng = random.Random(seed)
    kinds = [[PIECES.findall(text) for text in group] for group in texts()]
    pool = sorted({piece for kind in kinds for pieces in kind for piece in pieces if piece.strip() and piece[0] != "#"})
    right = wrong = late = broken = 0
    longest = 0.0
    with click.progressbar(range(count), label="mutants") as numbers:
        for number in numbers:
            text = mutant(rng.choice(rng.choice(kinds)), pool, rng)
            seconds = [time.process_time()]
            try:
                is_right = answered(text, seconds)
                right, wrong = (right + 1, wrong) if is_right else (right, wrong + 1)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is what we look for
                broken += 1
                out.mkdir(exist_ok=True)
                name = f"{type(error).__name__}-{number}"
                (out / f"{name}.ssl").write_text(text, "utf-8")
                (out / f"{name}.txt").write_text(str(error)[:2000], "utf-8")
            seconds.append(time.process_time())
            taken = max(later - earlier for earlier, later in pairwise(seconds))
            longest = max(longest, taken)
            if taken > slow:
                late += 1
                out.mkdir(exist_ok=True)
                (out / f"slow-{number}.ssl").write_text(text, "utf-8")
    click.echo(
        f"{count:,} mutants: {right:,} right, {wrong:,} refused with messages, {broken} exceptions, "
        f"{late} slower than {slow:g} s (the longest {longest:.2f} s of processor time)"
    )


if __name__ == "__main__":
    main()
