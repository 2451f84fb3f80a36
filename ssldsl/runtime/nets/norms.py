"""Batch normalization over the rows of all processes, on any device."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # the common class of the three dimensions

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.device.collectives import all_sum, processes
from ssldsl.runtime.device.precision import at_least_single

_SHARED = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class GlobalBatchNorm(_BatchNorm):
    """Normalizes by the mean and variance over the rows of all processes, which must hold equally many.

    On CUDA the ordinary pass is torch's own fused layer. Elsewhere it is written out; mean and variance are summed one
    after the other, since a variance from sums of squares loses digits. Layers that drop and activate as well (timm's)
    keep their parts, which run afterwards.
    """

    def __init__(self, original: _BatchNorm) -> None:
        super().__init__(
            original.num_features, original.eps, original.momentum, original.affine, original.track_running_stats
        )
        self.process_group = None  # read by torch's layer: all processes
        self.original = (original,)  # in a tuple: it is not a part of this layer
        for name, part in original.named_children():
            self.add_module(name, part)
        _share(original, self)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"rows and channels are wanted, found a tensor of {input.dim()} dimensions")

    def _check_non_zero_input_channels(self, input: Tensor) -> None:
        """A layer has at least one channel."""

    def forward(self, input: Tensor) -> Tensor:
        result = self._normalize(input)
        for part in self.children():
            result = part(result)
        return result

    def _normalize(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        if (
            input.is_cuda and self.track_running_stats
        ):  # a frozen pass may be differentiated forwards: no fused layer can
            return nn.SyncBatchNorm.forward(self, input)  # type: ignore[arg-type]  # has all that it reads
        axes = [axis for axis in range(input.dim()) if axis != 1]
        count = input.numel() // input.shape[1] * processes()
        values = at_least_single(input)
        mean = all_sum(values.sum(dim=axes)) / count
        centered = values - _columns(mean, input.dim())
        variance = all_sum(centered.square().sum(dim=axes)) / count
        self._record(mean, variance, count)
        result = centered * _columns((variance + self.eps).rsqrt(), input.dim())
        if self.affine:
            result = result * _columns(self.weight, input.dim()) + _columns(self.bias, input.dim())
        return result.to(input.dtype)

    @torch.no_grad()
    def _record(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics; the variance that they keep is the unbiased one."""
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        count_of = self.num_batches_tracked.to(self.running_mean.dtype)
        factor = count_of.reciprocal() if self.momentum is None else self.momentum
        self.running_mean += factor * (mean - self.running_mean)
        self.running_var += factor * (variance * (count / max(count - 1, 1)) - self.running_var)


def _columns(values: Tensor, dims: int) -> Tensor:
    """A value for every channel, shaped to go with a batch."""
    return values.view(1, -1, *([1] * (dims - 2)))


def set_statistics(module: nn.Module, *, across_processes: bool) -> None:
    """Make every batch normalization inside a module one over all processes, or one over the rows of its own process.

    Parameters and buffers stay the same tensors under the same names.
    """
    for name, child in module.named_children():
        if isinstance(child, GlobalBatchNorm):
            if not across_processes:
                (original,) = child.original
                _share(child, original)
                setattr(module, name, original.train(child.training))
        elif isinstance(child, _BatchNorm) and not isinstance(child, nn.SyncBatchNorm):
            if across_processes:
                setattr(module, name, batch_norm_of_all(child).train(child.training))
        else:
            set_statistics(child, across_processes=across_processes)


def batch_norm_of_all(norm: _BatchNorm) -> GlobalBatchNorm:
    """The layer over all processes, or an error if this is a layer of a kind that we cannot see into."""
    parts = {name for name, _ in norm.named_children()}
    if type(norm) not in _PLAIN and not (parts and parts <= {"drop", "act"}):
        message = f"`{type(norm).__name__}` cannot normalize over several processes"
        raise SpecError(Diagnostic("R424", message, help="set `statistics = local`, or train in one process"))
    return GlobalBatchNorm(norm)


def _share(source: nn.Module, target: nn.Module) -> None:
    """Give the target the parameters and buffers of the source."""
    for name in _SHARED:
        if name in source._parameters:
            target._parameters[name] = source._parameters[name]
        if name in source._buffers:
            target._buffers[name] = source._buffers[name]
