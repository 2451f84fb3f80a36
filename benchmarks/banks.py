"""The cost of a memory bank: a step with one beside the same step without, and finding neighbors in all of it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import normalize

from benchmarks.by_hand import Execution
from benchmarks.compiled import Compiled
from benchmarks.timing import interleaved, peak_resident, ratios
from ssldsl.source import Source
from ssldsl.stdlib.losses.instance_discrimination import instance_discrimination
from ssldsl.stdlib.memory.bank import Bank
from ssldsl.stdlib.targets.entropy_neighbors import entropy_neighbors

SAMPLES, DIM = 50_000, 128  # of CIFAR-10, and of an embedding
NETS = {"convnet": "convnet(width=32)", "resnet18": 'resnet18(stem="cifar")'}
WITHOUT = "invariant_spreading(v)"
BANK = "let past = bank(v, all.position)\n"
WITH = f"{WITHOUT} + mean(neighborhood_discrimination(v, past.rows, all.position, all.position))"
SPEC = """ssl 1
data   images  = image_arrays(path="{pictures}", channels=3, height=32, width=32, classes=10)
view   moved   = random_crop(size=32, padding=4) >> flip()
stream all     = unlabel(images.train)
net    encoder = {net}
head   z       = linear(encoder.dim, {dim}) >> l2norm()
let    v       = z(encoder(draw(2, moved(all))))
{bank}loss      = {loss}
optimizer = sgd(lr=0.03, momentum=0.9)
batch     = {rows}
run       = 100_000it
forward   = concat
"""
COLUMNS = ("net", "images a step", "views", "with a bank / without", "quartiles")
SEARCH = ("samples", "neighbors of all, s", "MB")


def make_pictures(path: Path) -> Path:
    """As many pictures of noise as CIFAR-10 has to train on."""
    numbers = np.random.default_rng(0)
    images = numbers.integers(0, 256, (SAMPLES, 3, 32, 32), dtype=np.uint8)
    np.savez(path, data=images, label=np.arange(SAMPLES) % 10)
    return path


def overhead(net: str, rows: int, execution: Execution, pictures: Path, *, rounds: int, seconds: float) -> list[object]:
    """A row of the table, by the time of the processor's cores, which noise moves less; on a GPU by the wall clock."""
    form = {"pictures": pictures, "net": NETS[net], "dim": DIM, "rows": rows}
    texts = [SPEC.format(bank="", loss=WITHOUT, **form), SPEC.format(bank=BANK, loss=WITH, **form)]
    sides = [Compiled(Source(f"{net}.ssl", text), execution) for text in texts]
    without, with_ = interleaved(sides, execution.device, rounds=rounds, seconds=seconds)
    on_wall = execution.device.type == "cuda"
    middle, low, high = ratios(without.by(is_wall=on_wall), with_.by(is_wall=on_wall))
    return [net, rows, 2, f"{middle:.2f}", f"{low:.2f} to {high:.2f}"]


def search(samples: int) -> tuple[float, float]:
    """Processor seconds of finding the neighbors of all samples, and the megabytes that the process grew by."""
    rows = normalize(torch.randn(samples, DIM, generator=torch.Generator().manual_seed(0)), dim=1)
    entropy_neighbors(rows[:2000], anchors=1.0)  # what a process needs once is no cost of the bank
    before, start = peak_resident(), time.process_time()
    entropy_neighbors(rows, anchors=1.0)
    return time.process_time() - start, (peak_resident() - before) / 2**20


def search_apart(samples: int) -> tuple[float, float]:
    """The same in a process of its own, whose peak is its own."""
    command = [sys.executable, "-m", "benchmarks.banks", str(samples)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    took, grew = map(float, done.stdout.split())
    return took, grew


def held(samples: int, rows: int = 64, repeats: int = 3) -> tuple[float, ...]:
    """Of a bank of so many samples: its size in MB, and seconds of a write, of the loss against all of it with its
    gradient, and of the two products alone that no loss over the whole bank can be without.
    """
    bank = Bank(DIM, samples)
    positions = torch.randperm(samples)[:rows]
    v = normalize(torch.randn(rows, DIM), dim=1).requires_grad_()

    def write() -> None:
        bank.commit([v], [positions])

    def told_apart() -> None:
        instance_discrimination(v, bank().rows, positions).mean().backward()

    def products() -> None:
        scores = v.detach() @ bank.rows.T
        scores @ bank.rows

    size = bank.rows.element_size() * bank.rows.numel() / 2**20
    return size, *(_shortest(part, repeats) for part in (write, told_apart, products))


def _shortest(part: Callable[[], None], repeats: int) -> float:
    """Processor seconds of the fastest of some calls."""
    took = []
    for _ in range(repeats):
        start = time.process_time()
        part()
        took.append(time.process_time() - start)
    return min(took)


if __name__ == "__main__":
    torch.set_num_threads(1)
    count = int(sys.argv[-1])
    print(*(held(count) if "held" in sys.argv else search(count)))
