"""Steps in bf16 on made-up photographs, for a GPU: `python -m benchmarks.gpu`. On a CPU `--tiny` shows that it runs.

S4L, Suave, DINO, SimCLR and FixMatch, compiled by ssldsl and by hand: images a second, kernels of a step, and the share
of its time in which the GPU waits for the next one; each eager, through `torch.compile`, and with CUDA graphs.
"""

import gc
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from attrs import evolve, frozen
from torch.profiler import ProfilerActivity, profile

from benchmarks import dense, tables
from benchmarks.by_hand import Execution, Loop
from benchmarks.cases import Case
from benchmarks.compiled import Compiled
from benchmarks.dense import Recipe
from benchmarks.dense_cases import DenseCase
from benchmarks.dense_views import Crop
from benchmarks.timing import Side, interleaved, peak_of, wait

COLUMNS = ("method", "side", "how", "images/s", "kernels", "GPU waits", "MB of a step")
WAYS = ("eager", "torch.compile", "CUDA graphs")


@frozen
class Sizes:
    """Pictures of `side` pixels, crops of `small`; rows of a step; and how long is measured."""

    side: int
    small: int
    rows: int
    known: int
    pictures: int
    net: str
    transformer: str
    clusters: int
    queue: int
    rounds: int
    seconds: float


FULL = Sizes(224, 96, 128, 32, 2048, "resnet50", "vit_small", 4096, 3840, 5, 2.0)
TINY = Sizes(16, 8, 4, 2, 40, "convnet", "vit", 16, 16, 2, 0.05)


def cases(sizes: Sizes) -> Iterator[Case | DenseCase]:
    """The five methods."""
    rows, known, side, net = sizes.rows, sizes.known, sizes.side, sizes.net
    both = (Crop(2, side, (0.14, 1.0)), Crop(4, sizes.small, (0.05, 0.14)))
    pair = (Crop(2, side, (0.08, 1.0)),)
    yield Case(net, "s4l", (known, rows), side, sizes.pictures)
    recipes = {
        "suave": Recipe("suave", net, both, (rows, known), 10, sizes.queue),
        "dino": Recipe("dino", sizes.transformer, both, (rows, 0), sizes.clusters, colors=True, optimizer="adamw"),
        "simclr": Recipe("simclr", net, pair, (rows, 0), 10, colors=True),
        "fixmatch": Recipe("fixmatch", net, (), (rows, known), 10),
    }
    for name, recipe in recipes.items():
        yield DenseCase(name, recipe, side, sizes.pictures)


def make_pictures(path: Path, sizes: Sizes) -> Path:
    """Noise of photographs' shape, with labels."""
    count, side = sizes.pictures, sizes.side
    images = np.random.default_rng(0).integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    labels = np.arange(count) % 10
    np.savez(path, data=images, label=labels, test_data=images[:10], test_label=labels[:10])
    return path


def sides(case: Case | DenseCase, execution: Execution, pictures: Path) -> dict[str, Callable[[], Side]]:
    """What makes each side ready."""
    made: dict[str, Callable[[], Side]] = {
        "ssldsl": lambda: Compiled(case.source(pictures), execution),
        "by hand": lambda: _by_hand(case, execution, pictures),
    }
    if isinstance(case, DenseCase):
        made["by hand, cheaper views"] = lambda: _by_hand(case, execution, pictures, is_cheap=True)
    return made


def _by_hand(case: Case | DenseCase, execution: Execution, pictures: Path, is_cheap: bool = False) -> Side:
    with np.load(pictures) as content:
        images, labels = torch.from_numpy(content["data"]), torch.from_numpy(content["label"])
    torch.manual_seed(0)
    known = torch.randperm(len(images))[: case.labels]
    tuned = evolve(execution, is_tuned=True)
    if isinstance(case, DenseCase):
        return dense.Loop(case.recipe, tuned, images, labels, known, is_cheap=is_cheap)
    return Loop(case.recipe, tuned, images, labels, known)


@frozen
class Traced:
    """What the GPU did in some steps: kernels of one, and the share of the time in which it ran none."""

    kernels: float
    waiting: float


def trace(side: Side, device: torch.device, first: int, steps: int = 5) -> Traced | None:
    """Nothing where there is no GPU."""
    if device.type != "cuda":
        return None
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as found:
        for number in range(first, first + steps):
            side.step(number)
        wait(device)
    on_gpu: list[Any] = [e for e in found.events() if e.device_type == torch.autograd.DeviceType.CUDA]
    kernels = [e for e in on_gpu if not getattr(e, "is_user_annotation", False)]  # a step of torch's optimizers is one
    spans = sorted((e.time_range.start, e.time_range.end) for e in kernels)
    busy, reached = 0.0, spans[0][0]
    for start, end in spans:
        busy += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return Traced(len(kernels) / steps, 1 - busy / (reached - spans[0][0]))


def measured(
    case: Case | DenseCase, name: str, make: Callable[[], Side], way: str, device: torch.device, sizes: Sizes
) -> list[object]:
    """A row of the table."""
    side = make()
    (times,) = interleaved([side], device, rounds=sizes.rounds, seconds=sizes.seconds)
    speed = case.images / statistics.median(times.wall)
    traced = trace(side, device, 10_000)
    del side
    gc.collect()
    memory = tables.megabytes(peak_of(make, device)) if way == "eager" else ""
    counts = ["", ""] if traced is None else [f"{traced.kernels:.0f}", f"{traced.waiting:.0%}"]
    return [case.name, name, way, f"{speed:.1f}", *counts, memory]


def rows(case: Case | DenseCase, ways: tuple[str, ...], device: torch.device, pictures: Path, sizes: Sizes) -> None:
    """Print all sides of a case, each in all ways; one that fails says why, and the others go on."""
    for way in ways:
        execution = Execution(device, "bf16", is_compiled=way != "eager")
        for name, make in sides(case, execution, pictures).items():
            torch.compiler.reset()
            try:
                with torch._inductor.config.patch("triton.cudagraphs", way == "CUDA graphs"):
                    row = measured(case, name, make, way, device, sizes)
            except Exception as error:  # noqa: BLE001  # a way that one side does not bear is a finding
                row = [case.name, name, way, f"failed: {type(error).__name__}", "", "", ""]
                click.echo(f"{case.name}, {name}, {way}: {error}", err=True)
            click.echo(tables.row(row))


@click.command()
@click.option("--tiny", is_flag=True, help="Few small pictures and small networks, eager: to see that it runs.")
@click.option("--only", default="", help="Methods with this in their names.")
def main(tiny: bool, only: str) -> None:
    """Throughput, kernels and launch gaps of five methods, beside code by hand."""
    if not tiny and not torch.cuda.is_available():
        raise click.ClickException("there is no CUDA device here; `--tiny` shows on a CPU that it runs")
    device = torch.device("cuda" if torch.cuda.is_available() and not tiny else "cpu")
    if device.type == "cpu":
        os.environ["ACCELERATE_USE_CPU"] = "1"
    sizes, ways = (TINY, WAYS[:1]) if tiny else (FULL, WAYS)
    click.echo(f"{tables.machine(device)}\n")
    click.echo(tables.heading(COLUMNS))
    with tempfile.TemporaryDirectory() as folder:
        pictures = make_pictures(Path(folder) / "pictures.npz", sizes)
        for case in cases(sizes):
            if only in case.name:
                rows(case, ways, device, pictures, sizes)


if __name__ == "__main__":
    main()
