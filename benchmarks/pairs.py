"""The cost of LSD-C's pair loss beside the released form, which enumerates all pairs of a batch first."""

import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.timing import peak_resident
from ssldsl.stdlib.losses.pair_cross_entropy import pair_cross_entropy
from ssldsl.stdlib.targets.knn_pairs import knn_pairs

CLUSTERS, DIM, NEIGHBORS = 10, 512, 20  # of CIFAR-10
COLUMNS = ("rows", "by products, ms", "enumerated, ms", "times", "by products, MB", "enumerated, MB")


def by_products(features: Tensor, plain: Tensor, composed: Tensor) -> Tensor:
    """The library's two ops."""
    return pair_cross_entropy(plain, composed, knn_pairs(features, k=NEIGHBORS))


def enumerated(features: Tensor, plain: Tensor, composed: Tensor) -> Tensor:
    """All ordered pairs as rows, of features and of probabilities: batch times batch times width numbers each."""
    rows = len(features)
    first, second = features.repeat(rows, 1), features.repeat_interleave(rows, dim=0)
    distances = (first - second).square().sum(dim=1).view(rows, rows)
    near = distances < distances.kthvalue(NEIGHBORS, dim=1, keepdim=True).values
    targets = (near | near.T).float().flatten()
    together = (plain.repeat(rows, 1) * composed.repeat_interleave(rows, dim=0)).sum(dim=1)
    return -(targets * (together + 1e-7).log() + (1 - targets) * (1 - together + 1e-7).log()).mean()


SIDES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"by products": by_products, "enumerated": enumerated}


def measure(side: str, rows: int, repeats: int) -> tuple[float, float]:
    """Processor milliseconds of loss and gradient, the least of some, and the megabytes that this process grew by."""
    numbers = torch.Generator().manual_seed(rows)
    features = torch.randn(rows, DIM, generator=numbers).relu()
    logits = [torch.randn(rows, CLUSTERS, generator=numbers, requires_grad=True) for _ in range(2)]
    # a first time at a small size: what a process needs once is no cost of the batch
    SIDES[side](features[:64], *(z[:64].softmax(dim=1) for z in logits)).backward()
    before, found = peak_resident(), []
    for _ in range(repeats):
        start = time.process_time()
        SIDES[side](features, *(z.softmax(dim=1) for z in logits)).backward()
        found.append(1000 * (time.process_time() - start))
    return min(found), (peak_resident() - before) / 2**20


def measured_apart(side: str, rows: int, repeats: int) -> tuple[float, float]:
    """The same in a process of its own, whose peak is its own."""
    command = [sys.executable, "-m", "benchmarks.pairs", side, str(rows), str(repeats)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    took, grew = map(float, done.stdout.split())
    return took, grew


def table(sizes: tuple[int, ...], repeats: int, most: int) -> list[tuple[object, ...]]:
    """A row for each size of the batch. `most`: rows beyond which nothing is enumerated, for want of memory."""
    found: list[tuple[object, ...]] = []
    for rows in sizes:
        sides = [measured_apart(side, rows, repeats) for side in SIDES if side == "by products" or rows <= most]
        times, grown = ([f"{side[i]:.0f}" for side in sides] + ["–"] for i in (0, 1))
        ratio = f"{sides[1][0] / sides[0][0]:.1f}" if len(sides) > 1 else "–"
        found.append((rows, times[0], times[1], ratio, grown[0], grown[1]))
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(*measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
