"""One command for all measurements: `python -m benchmarks`."""

import gc
import os
import statistics
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np
import torch
from attrs import evolve, frozen

from benchmarks import banks, dense, dense_cases, files, frontend, kernels, pairs, tables, views
from benchmarks.by_hand import Execution, Loop
from benchmarks.cases import COUNT, Case, cases
from benchmarks.compiled import Compiled
from benchmarks.dense_cases import DenseCase
from benchmarks.timing import Side, interleaved, peak_of, ratios

COLUMNS = (
    "case",
    "images a step",
    "compiled, images/s",
    "ratio to tuned",
    "quartiles",
    "to plain",
    "to cheap",
    "kernels",
    "to tuned",
    "to cheap",
    "MB of a step",
    "to tuned",
)


@frozen
class Effort:
    """How long is measured."""

    rounds: int
    seconds: float
    factors: tuple[int, ...]
    repeats: int


EACH = ("case", "ssldsl, ms an image", "the other, ms an image", "speed ratio", "quartiles")
CPU = torch.device("cpu")
QUICK = Effort(5, 0.5, (1, 10), 3)
FULL = Effort(11, 2.0, (1, 3, 10, 30, 100), 5)
ON_CUDA = Effort(9, 1.0, (1, 3, 10, 30, 100), 3)


@click.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds, smaller batches.")
@click.option("--device", default="", help="cpu or cuda; what there is if not given.")
@click.option(
    "--only",
    default="",
    help="Cases with this in their names (s4l), or `steps`, `views`, `files`, `pairs`, `banks`, `frontend`, `editor`.",
)
@click.option("--precision", type=click.Choice(["fp32", "bf16"]), default=None, help="bf16 on CUDA if not given.")
@click.option("--compile/--no-compile", "compiled", default=False, help="Through torch.compile, both sides.")
@click.option("--threads", default=0, help="Of torch; its own choice if not given.")
@click.option("--counts", is_flag=True, help="Kernels and memory alone, which no load of the machine moves.")
def main(
    quick: bool,
    device: str,
    only: str,
    precision: str | None,
    compiled: bool,
    threads: int,
    counts: bool,
) -> None:
    """Compiled steps beside the same methods by hand, and the front end."""
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if place.type == "cpu":
        os.environ["ACCELERATE_USE_CPU"] = "1"
    if threads:
        torch.set_num_threads(threads)
    on_cuda = place.type == "cuda"
    execution = Execution(
        device=place,
        precision=precision or ("bf16" if on_cuda else "fp32"),
        is_compiled=compiled,
    )
    effort = QUICK if quick else ON_CUDA if on_cuda else FULL
    with tempfile.TemporaryDirectory() as folder:
        pictures = make_pictures(Path(folder) / "pictures.npz")
        found: list[Case | DenseCase] = [*cases(place, is_quick=quick), *dense_cases.cases(place, is_quick=quick)]
        makers = {case.name: (case, makers_of(case, execution, pictures)) for case in found}
        click.echo(f"{tables.machine(place)}\n")
        chosen = [name for name in makers if only in (*name.split("/"), name, "", "steps")]
        if chosen:
            steps([makers[name] for name in chosen], execution, effort, is_timed=not counts)
    if only in ("", "views"):
        random_views(effort)
    if only in ("", "pairs"):
        pair_loss(quick)
    if only in ("", "banks"):
        memory_banks(execution, effort, quick)
    if only in ("", "files"):
        image_files(effort)
    if only in ("", "frontend"):
        front_end(effort)
    if only in ("", "frontend", "editor"):
        editor(effort)


def make_pictures(path: Path) -> Path:
    """Noise of CIFAR's shape with labels."""
    numbers = np.random.default_rng(0)
    images = numbers.integers(0, 256, (COUNT, 3, 32, 32), dtype=np.uint8)
    np.savez(path, data=images, label=np.arange(COUNT) % 10, test_data=images[:100], test_label=np.arange(100) % 10)
    return path


def makers_of(case: Case | DenseCase, execution: Execution, pictures: Path) -> dict[str, Callable[[], Side]]:
    """What makes each side of a case ready."""
    tuned = evolve(execution, is_tuned=True)
    made: dict[str, Callable[[], Side]] = {
        "compiled": partial(Compiled, case.source(pictures), execution),
        "tuned": partial(by_hand, case, tuned, pictures),
        "plain": partial(by_hand, case, execution, pictures),
    }
    return made | ({"cheap": partial(by_hand, case, tuned, pictures, is_cheap=True)} if _is_dense(case) else {})


def _is_dense(case: Case | DenseCase) -> bool:
    return isinstance(case, DenseCase)


def by_hand(case: Case | DenseCase, execution: Execution, pictures: Path, is_cheap: bool = False) -> Side:
    """The loop by hand on the same data."""
    if case.is_small:
        from sklearn.datasets import load_digits

        found = load_digits()
        images, labels = torch.from_numpy(found.images).float().unsqueeze(1) / 16, torch.from_numpy(found.target)
    else:
        with np.load(pictures) as content:
            images, labels = torch.from_numpy(content["data"]), torch.from_numpy(content["label"])
    torch.manual_seed(0)
    known = torch.randperm(len(images))[: case.labels]
    if isinstance(case, DenseCase):
        return dense.Loop(case.recipe, execution, images, labels, known, is_cheap=is_cheap)
    return Loop(case.recipe, execution, images, labels, known)


def steps(
    chosen: list[tuple[Case | DenseCase, dict[str, Callable[[], Side]]]],
    execution: Execution,
    effort: Effort,
    *,
    is_timed: bool,
) -> None:
    """The table of compiled steps beside those by hand."""
    clock = "wall clock" if execution.device.type == "cuda" else "processor time of all cores"
    how = [execution.precision, "torch.compile" if execution.is_compiled else "eager", f"speed by {clock}"]
    click.echo(f"Training steps: {', '.join(how)}; {effort.rounds} rounds of {effort.seconds:g} s, sides in turns.\n")
    click.echo(tables.heading(COLUMNS))
    for case, makers in chosen:
        try:
            click.echo(tables.row(compare(case, makers, execution, effort, is_timed=is_timed)))
        except Exception as error:  # noqa: BLE001  # torch.compile may fail at any of them; the others are measured
            click.echo(tables.row((case.name, f"failed: {type(error).__name__}", *[""] * (len(COLUMNS) - 2))))
            click.echo(f"{case.name}: {error}", err=True)
    click.echo()


def compare(
    case: Case | DenseCase,
    makers: dict[str, Callable[[], Side]],
    execution: Execution,
    effort: Effort,
    *,
    is_timed: bool,
) -> list[object]:
    """A row of the table. Images per second are by the wall clock, ratios by the clock that noise moves less."""
    counted = counts_of(makers, execution)
    peaks = {name: peak_of(makers[name], execution.device) for name in ("compiled", "tuned")}
    kernels_of = [counted[name].kernels for name in ("compiled", "tuned", "cheap") if name in counted]
    return [
        case.name,
        case.images,
        *(speeds(case, makers, execution, effort) if is_timed else [""] * 5),
        kernels_of[0] if kernels_of else "",
        *[f"{kernels_of[0] / other:.2f}" for other in kernels_of[1:]],
        *[""] * (3 - max(1, len(kernels_of))),
        tables.megabytes(peaks["compiled"]),
        f"{peaks['compiled'] / max(1, peaks['tuned']):.2f}",
    ]


def counts_of(makers: dict[str, Callable[[], Side]], execution: Execution) -> dict[str, kernels.Counts]:
    """The operations of a step, without those that `torch.compile` makes one."""
    if execution.is_compiled or execution.device.type != "cpu":
        return {}
    return {name: kernels.count(make()) for name, make in makers.items() if name != "plain"}


def speeds(
    case: Case | DenseCase, makers: dict[str, Callable[[], Side]], execution: Execution, effort: Effort
) -> list[str]:
    """Images a second, then how often as fast as the others the compiled step is."""
    device = execution.device
    sides = [make() for make in makers.values()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = interleaved(sides, device, rounds=effort.rounds, seconds=effort.seconds)
    ours, *others = (side.by(is_wall=device.type == "cuda") for side in times)
    middle, low, high = ratios(ours, others[0])
    rest = [f"{ratios(ours, other)[0]:.2f}" for other in others[1:]]
    del sides
    gc.collect()
    speed = case.images / statistics.median(times[0].wall)
    return [f"{speed:.0f}", f"{middle:.2f}", f"{low:.2f} to {high:.2f}", *rest, *[""] * (2 - len(rest))]


def random_views(effort: Effort) -> None:
    """The table of views beside lightly's, on one core of the processor."""
    click.echo(f"Views of photographs, processor time of one core, beside {views.opponent()}.\n")
    click.echo(tables.heading(EACH))
    for case in (*views.cases(224), *views.cases(32)):
        click.echo(tables.row(of_each(case.name, views.sides(case), case.rows, effort)))
    click.echo()


def image_files(effort: Effort) -> None:
    """The table of files that are read and cropped, beside torchvision's `ImageFolder`, on one core."""
    click.echo("Image files decoded, cropped to 224 pixels, flipped: processor time of one core, beside torchvision.\n")
    click.echo(tables.heading(EACH))
    for name, make in files.cases():
        with tempfile.TemporaryDirectory() as folder:
            click.echo(tables.row(of_each(name, make(Path(folder)), files.ROWS, effort)))
    click.echo()


def of_each(name: str, sides: list[Side], rows: int, effort: Effort) -> list[object]:
    """A row of a table that compares the preparation of images."""
    with torch.no_grad():
        ours, theirs = interleaved(sides, CPU, rounds=effort.rounds, seconds=min(0.5, effort.seconds))
    middle, low, high = ratios(ours.cpu, theirs.cpu)
    each = [f"{1000 * statistics.median(side.cpu) / rows:.3f}" for side in (ours, theirs)]
    return [name, *each, f"{middle:.2f}", f"{low:.2f} to {high:.2f}"]


def pair_loss(quick: bool) -> None:
    """The table of LSD-C's pair loss, on the CPU with one thread."""
    sizes, most = ((256, 512), 512) if quick else ((256, 512, 1024, 2048, 4096), 1024)
    click.echo("LSD-C's pairs, pair loss and gradient: processor time, and what the process grows by.\n")
    click.echo(tables.heading(pairs.COLUMNS))
    for row in pairs.table(sizes, 3, most):
        click.echo(tables.row(row))
    click.echo()


def memory_banks(execution: Execution, effort: Effort, quick: bool) -> None:
    """The tables of steps with and without a bank of 50,000 samples, and of finding all their neighbors."""
    sizes = (128, 128) if execution.device.type == "cuda" else (64, 8) if quick else (128, 32)
    click.echo(f"Steps with a bank of {banks.SAMPLES:,} embeddings beside the same steps without.\n")
    click.echo(tables.heading(banks.COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        pictures = banks.make_pictures(Path(folder) / "many.npz")
        for net, rows in zip(banks.NETS, sizes, strict=True):
            how = {"rounds": effort.rounds, "seconds": effort.seconds}
            click.echo(tables.row(banks.overhead(net, rows, execution, pictures, **how)))
    click.echo("\nNeighbors of all samples: processor time of one core, and what the process grows by.\n")
    click.echo(tables.heading(banks.SEARCH))
    for samples in (10_000,) if quick else (10_000, banks.SAMPLES):
        took, grew = banks.search_apart(samples)
        click.echo(tables.row((f"{samples:,}", f"{took:.1f}", f"{grew:.0f}")))
    click.echo()


def front_end(effort: Effort) -> None:
    """The tables of the front end."""
    name, lines = frontend.longest_spec()
    click.echo(f"Front end, processor seconds; the longest spec is {name}, {lines} lines.\n")
    click.echo(tables.heading(("length", "lines", "check", "plan", "check, ms a line", "plan, ms a line")))
    for factor, count, check, plan in frontend.compile_times(effort.factors, effort.repeats):
        each = [f"{1000 * seconds / count:.2f}" for seconds in (check, plan)]
        click.echo(tables.row((f"{factor}x", count, f"{check:.3f}", f"{plan:.3f}", *each)))
    starts = frontend.cold_starts(2 * effort.repeats + 1)
    click.echo("\n" + tables.heading(("cold start", "median, s", "least, s", "most, s")))
    for command, values in starts.items():
        click.echo(tables.row((f"`{command}`", *(f"{f(values):.2f}" for f in (statistics.median, min, max)))))
    middle, low, high = ratios(starts["import torch"], starts["ssldsl check"])
    click.echo(
        f"\n`ssldsl check` takes {middle:.2f} of the time of `import torch` (quartiles {low:.2f} to {high:.2f})."
    )


def editor(effort: Effort) -> None:
    """The table of the language server: what a change of each shipped spec takes, slowest first."""
    answers = frontend.answer_times(2 * effort.repeats + 1)
    click.echo("\nAnswer to a change of each shipped spec, processor ms: at once, and after a rest.\n")
    click.echo(tables.heading(("spec", "at once", "after a rest")))
    for name, both in sorted(answers.items(), key=lambda item: item[1], reverse=True):
        click.echo(tables.row((name, *(f"{1000 * seconds:.0f}" for seconds in both))))
    middles = (1000 * statistics.median(column) for column in zip(*answers.values(), strict=True))
    click.echo(tables.row((f"median of {len(answers)}", *(f"{middle:.0f}" for middle in middles))))


if __name__ == "__main__":
    main()
