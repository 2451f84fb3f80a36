"""Accelerate as a run uses it: devices, processes, precision, accumulation. Every stage has its own accelerator."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import torch
from accelerate import Accelerator, PartialState
from accelerate.optimizer import AcceleratedOptimizer
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DistributedDataParallelKwargs, parse_flag_from_env
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import StagePlan
from ssldsl.ops.random import key_of
from ssldsl.runtime.spans import span_of

_STRIDE = 0x9E3779B97F4A7C15  # odd, so that no two steps have the same key, nor the same lower half of it
_PRECISIONS = {"fp32": "no", "fp64": "no", "bf16": "bf16", "fp16": "fp16"}


def wants_cpu() -> bool:
    """Whether training runs on the CPU: where there is nothing else, or ACCELERATE_USE_CPU says so."""
    return parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()


def join_processes() -> PartialState:
    """This process among those that train together; on the CPU, Accelerate looks for others only when told."""
    return PartialState(cpu=wants_cpu())


def make_accelerator(stage: StagePlan, *, unused_parameters: bool = False) -> Accelerator:
    """The accelerator of a stage, with its precision and accumulation; processes and device stay as they were."""
    if stage.precision == "fp16" and not torch.cuda.is_available():
        raise _unavailable(stage, "a GPU, and there is none", "take `precision = bf16` or `precision = fp32`")
    if stage.precision == "fp64" and not wants_cpu() and torch.accelerator.current_accelerator() == torch.device("mps"):
        raise _unavailable(stage, "another kind of device than this", "train on the CPU: `ACCELERATE_USE_CPU=true`")
    AcceleratorState._reset_state()
    GradientState._reset_state()
    distributed = DistributedDataParallelKwargs(broadcast_buffers=False, find_unused_parameters=unused_parameters)
    return Accelerator(
        cpu=wants_cpu(),
        mixed_precision=_PRECISIONS[stage.precision],
        gradient_accumulation_steps=stage.accumulate,
        dynamo_backend="inductor" if stage.compile else "no",
        kwargs_handlers=[distributed],
    )


def _unavailable(stage: StagePlan, needs: str, help: str) -> SpecError:
    """A precision that this machine does not have."""
    message = f"stage `{stage.name}` asks for {stage.precision}, which needs {needs}"
    return SpecError(Diagnostic("R411", message, span_of(stage.places.get("precision", stage.place)), help=help))


def distribute_updates(
    accelerator: Accelerator, step: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> tuple[nn.Module, list[AcceleratedOptimizer]]:
    """The same of a step that makes several updates, whose gradients `average_gradients` shares."""
    # torch shares the gradients of one backward pass of everything that learns, and here there are several of parts
    model = accelerator.prepare_model(step.to(accelerator.device), device_placement=False, evaluation_mode=True)
    return model.train(), [accelerator.prepare_optimizer(optimizer) for optimizer in optimizers]


def average_gradients(parameters: Iterable[nn.Parameter], world: int) -> None:
    """Give every process the mean of the gradients of all; they all have gradients of the same parameters."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if world == 1 or not gradients:
        return
    for dtype in dict.fromkeys(gradient.dtype for gradient in gradients):
        own = [gradient for gradient in gradients if gradient.dtype == dtype]
        together = torch.cat([gradient.flatten() for gradient in own])
        torch.distributed.all_reduce(together)
        shared = torch.split(together.div_(world), [gradient.numel() for gradient in own])
        torch._foreach_copy_(own, [mean.view_as(gradient) for mean, gradient in zip(shared, own, strict=True)])


def distribute(
    accelerator: Accelerator, step: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[nn.Module, AcceleratedOptimizer]:
    """The step and its optimizer as Accelerate prepares them. Buffers stay each process's own between evaluations."""
    with warnings.catch_warnings():
        # what replaces this argument came after the oldest torch that we work with
        warnings.filterwarnings("ignore", message=".*broadcast_buffers", category=FutureWarning)
        # placed here: Accelerate looks for parts that place themselves, and imports half of torch's compiler to do so
        model, prepared = accelerator.prepare(step.to(accelerator.device), optimizer, device_placement=[False, False])
    # a weight with one input channel has two layouts that are the same; said once per process otherwise
    warnings.filterwarnings("ignore", message="Grad strides do not match", category=UserWarning)
    return model, prepared


def seed_step(seed: int, stage: str, step: int, rank: int, device: torch.device) -> None:
    """Torch's own generators, which dropout uses, as a function of the step: a resumed run drops the same units."""
    key = (_generator_key(seed, stage, rank) + step * _STRIDE) % 2**63
    torch.default_generator.manual_seed(key)  # `torch.manual_seed` asks every kind of device, which takes most of 1 ms
    if device.type == "cuda":
        torch.cuda.manual_seed(key)
    elif device.type != "cpu":
        torch.manual_seed(key)


@cache
def _generator_key(seed: int, stage: str, rank: int) -> int:
    return key_of(seed, "step", stage, str(rank))


def has_unused_parameters(step: nn.Module, batch: dict[str, Tensor], scalars: Tensor) -> bool:
    """Whether the loss leaves out trained parameters, which distributed training must know. Changes nothing."""
    with unchanged_buffers(step):
        step(batch, scalars)["loss"].backward()
    unused = any(parameter.requires_grad and parameter.grad is None for parameter in step.parameters())
    step.zero_grad(set_to_none=True)
    return unused


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Afterwards every buffer holds what it held."""
    kept = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in kept:
                buffer.copy_(value)


def share(statistics: Iterable[Tensor], world: int) -> None:
    """Give every process the statistics of the first, where processes keep their own."""
    if world > 1:
        for tensor in statistics:
            torch.distributed.broadcast(tensor, src=0)
