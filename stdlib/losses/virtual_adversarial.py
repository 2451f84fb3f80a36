"""Virtual adversarial training: predictions that hardly change under the perturbation that would change them most."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor

from ssldsl.ops import Logits, Losses, PositiveFloat, PositiveInt, Values, op
from ssldsl.ops.net import Net
from ssldsl.ops.random import SampleRng
from ssldsl.ops.tangents import derivative
from ssldsl.ops.uncompiled import uncompiled


@op(paper="miyato2018vat", forwards="1+iterations", batch_rows="rows")
def virtual_adversarial(
    net: Net,
    inputs: Values[Tensor, "batch ..."],
    logits: Logits[Tensor, "batch classes"],
    *,
    rng: SampleRng,
    epsilon: PositiveFloat = 1.0,
    xi: PositiveFloat | None = None,
    iterations: PositiveInt = 1,
    direction: Literal["clean_to_adversarial", "adversarial_to_clean"] = "clean_to_adversarial",
    radius: Literal["exact", "released"] = "exact",
    rows: PositiveInt | None = None,
) -> Losses[Tensor, "batch"]:
    r"""Virtual adversarial loss (VAT) of every row: divergence of the predictions at it and at its worst perturbation.

    $$ \ell_b = \mathrm{KL}(p(x_b) \,\|\, p(x_b + r_b)), \quad r_b = \varepsilon\, g_b / \|g_b\|_2, \quad
       g = \nabla_v \textstyle\sum_b \mathrm{KL}(p(x_b) \,\|\, p(x_b + v_b)) $$

    `inputs` are images, vectors, or what a network made of them; `logits` are those of the unperturbed inputs; they and
    r are constants of the loss. `xi` none: g is the exact product H d of a random unit direction d with the Hessian at
    v = 0, $H = J^T (\mathrm{diag}\, p - p p^T) J$, by one forward and one reverse derivative. `xi` a number: g is taken
    at v = xi d, as in the authors' codes; for networks with parts that have no forward derivative. Their 1e-6 is lost
    in float32: take 1e-2 or more. Both are computed in the precision of the weights, without autocast. `radius` exact:
    the scale of g does not matter, and the length of r is `epsilon`, or 0 where the derivative vanishes. `radius`
    released: the length is `epsilon` times $\min(1, \|H d\| / R)$, far shorter, since the released code takes the mean
    over the R rows of one of its processes, and its norm has a lower bound as large as its xi. `rows`: that R; left
    out, the rows of the whole batch, whatever processes and parts share it. Running statistics stay as they are.

    Source: Miyato et al., TPAMI 2018, eq. 5-9; Zhai et al., ICCV 2019, eq. 3-4 (`adversarial_to_clean`: their released
    code). At least 0; 0 only if no prediction changes.
    """
    clean = logits.detach()
    inputs = inputs.detach()
    v = _unit(rng.normal(*inputs.shape[1:]).to(inputs))
    for _ in range(iterations):
        g = _curvature(net, inputs, v) if xi is None else _difference(net, inputs, xi * v, direction) / xi
        v = _unit(g) if radius == "exact" else _released(g, rows or len(inputs))
    return divergence(clean, net.frozen(inputs + epsilon * v), direction)


def divergence(clean: Tensor, adversarial: Tensor, direction: str) -> Tensor:
    """Kullback-Leibler divergence between two predictions of every row, from logits."""
    log_p, log_q = clean.log_softmax(dim=-1), adversarial.log_softmax(dim=-1)
    if direction == "adversarial_to_clean":
        log_p, log_q = log_q, log_p
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


@uncompiled  # the compiler cannot follow a derivative that is taken inside a forward pass
def _curvature(net: Net, inputs: Tensor, d: Tensor) -> Tensor:
    """H d at the inputs themselves: J d by forward derivative, then J^T (diag p - p p^T) J d by reverse."""
    leaf = inputs.clone().requires_grad_()
    with _exact(inputs), warnings.catch_warnings():
        # torch's own rules for forward derivatives are written in its old way
        warnings.simplefilter("ignore", FutureWarning)
        logits, slope = derivative(net.frozen, leaf, d)
        if slope is None:
            raise ValueError("the output of the network does not depend on its input")
        slope = slope.detach()
    # outside the level: the derivatives of some layers (group normalization) have no forward derivative themselves
    p = logits.detach().softmax(dim=-1)
    cotangent = p * (slope - (p * slope).sum(dim=-1, keepdim=True))
    with torch.enable_grad():  # as a sum: given a cotangent, torch imports its symbolic shapes first
        total = (logits * cotangent.to(logits.dtype)).sum()
    return torch.autograd.grad(total, leaf)[0]


@uncompiled
def _difference(net: Net, inputs: Tensor, v: Tensor, direction: str) -> Tensor:
    """The gradient at a small perturbation v of the divergence, summed: its scale does not depend on the batch."""
    with _exact(inputs):
        with torch.no_grad():  # anew: rounded logits, or those of another batch, would differ by more than v makes
            clean = net.frozen(inputs)
        v = v.clone().requires_grad_()
        total = divergence(clean, net.frozen(inputs + v), direction).sum()
        return torch.autograd.grad(total, v)[0]


@contextmanager
def _exact(inputs: Tensor) -> Iterator[None]:
    """Derivatives, in the precision of the weights: in 16 bits small differences are nothing but rounding."""
    with torch.enable_grad(), torch.autocast(inputs.device.type, enabled=False):
        yield


def _unit(d: Tensor) -> Tensor:
    """Every row scaled to length one; rows of zeros stay."""
    dims = tuple(range(1, d.ndim))
    tiny = torch.finfo(d.dtype).tiny
    d = d / d.abs().amax(dim=dims, keepdim=True).clamp_min(tiny)  # else the squares of small entries underflow
    return (d / d.square().sum(dim=dims, keepdim=True).sqrt().clamp_min(tiny)).detach()


def _released(g: Tensor, rows: int) -> Tensor:
    """H d over a number of rows, and where that is longer than one, cut to length one."""
    g = g / rows
    return (g / g.square().sum(dim=tuple(range(1, g.ndim)), keepdim=True).sqrt().clamp_min(1)).detach()
