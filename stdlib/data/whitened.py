"""Images and vectors whose directions all vary alike."""

from functools import reduce

import torch
from attrs import evolve
from torch import Tensor

from ssldsl.ops import PositiveFloat, op
from ssldsl.ops.data import Data
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.image_files import images_to_float
from ssldsl.ops.samples import in_memory

ROWS = 8192  # that a product of matrices takes at once


@op(paper="krizhevsky2009cifar")
def whitened(data: Data, fitted: Data | None = None, *, epsilon: PositiveFloat = 0.1) -> Data:
    r"""ZCA whitening: centered and uncorrelated, as near to the samples as can be; mean and matrix are of `fitted`.

    $$ x' = W (x - m), \quad W = U \,\mathrm{diag}\bigl((S + \epsilon)^{-1/2}\bigr)\, U^\top, \quad
       C = U \,\mathrm{diag}(S)\, U^\top $$

    m and C (with n - 1) are of the samples of `fitted`, by default of the data themselves; test data take those of the
    training data: `images.test.whitened(fitted=images.train)`. What is fitted on held-out data is held out too.

    Source: Krizhevsky, 2009, appendix A; with `epsilon` as pylearn2 has it (0.1 after `contrast_normalized`).
    Computed once, in memory, in float64; the lock has the digest of what it was made of.
    """
    samples = in_memory(data, "whitened")
    source = samples if fitted is None else in_memory(fitted, "whitened")
    field = samples.fields[0]
    shape = samples.tensors[field].shape[1:]
    if source.fields[0] != field or source.tensors[field].shape[1:] != shape:
        found = tuple(source.tensors[source.fields[0]].shape[1:])
        raise BrokenData(f"fitted on samples of the shape {found}, and these are {tuple(shape)}", source.origin)
    mean, matrix = zca(source.tensors[field], epsilon)
    parts = [((flat(part) - mean) @ matrix).float() for part in torch.split(samples.tensors[field], ROWS)]
    made_of = f"whitened {epsilon} {data.digest()} {source.digest()}"
    return evolve(
        samples, tensors={**samples.tensors, field: torch.cat(parts).reshape(-1, *shape)}, computed_from=made_of
    )


def flat(samples: Tensor) -> Tensor:
    """A row of float64 numbers for every sample."""
    return images_to_float(samples).double().flatten(1)


def zca(samples: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """The mean of some samples and the matrix that whitens them."""
    count, parts = len(samples), torch.split(samples, ROWS)
    if count < 2:
        raise BrokenData("one sample does not vary", "whitened")
    mean = reduce(torch.add, (flat(part).sum(dim=0) for part in parts)) / count
    centered = (flat(part) - mean for part in parts)
    covariance = reduce(torch.add, (part.T @ part for part in centered)) / (count - 1)
    values, vectors = torch.linalg.eigh(covariance)
    return mean, (vectors * (values.clamp(min=0) + epsilon).rsqrt()) @ vectors.T
