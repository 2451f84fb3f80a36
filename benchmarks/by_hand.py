"""The methods as a careful researcher writes them in plain PyTorch; nothing here knows the language or its library.

Data lie on the device, augmentations work on whole batches, one forward pass serves all terms, and losses are read
back only when they are logged.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from attrs import define, field, frozen
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional as F  # as everybody calls it
from torchvision.models import resnet18, resnet50

LOG_EVERY = 50


@frozen
class Recipe:
    """What is trained and how. `finite`: VAT's direction by finite differences instead of the exact derivative."""

    network: str
    method: str
    labeled: int
    unlabeled: int
    classes: int = 10
    lr: float = 0.1
    momentum: float = 0.9
    steps: int = 100_000
    finite: bool = False


@frozen
class Execution:
    """How it is carried out. is_tuned: channels last, and an optimizer of one kernel; of the side by hand alone."""

    device: torch.device
    precision: str = "fp32"
    is_compiled: bool = False
    is_tuned: bool = False


# --- networks ---------------------------------------------------------------------------------------------------


def small_convnet(channels: int = 1, width: int = 32) -> nn.Sequential:
    """Three blocks for small images."""

    def block(channels_in: int, channels: int, pool: bool = True) -> list[nn.Module]:
        conv = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
        halved: list[nn.Module] = [nn.MaxPool2d(2)] if pool else []
        return [conv, *halved, nn.GroupNorm(8, channels), nn.ReLU(inplace=True)]

    blocks = [*block(channels, width), *block(width, 2 * width), *block(2 * width, 4 * width, pool=False)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def cifar_resnet18() -> nn.Module:
    """torchvision's, with the first convolution for small images."""
    net = resnet18()
    net.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()
    net.fc = nn.Identity()
    return net


def photo_resnet50() -> nn.Module:
    """torchvision's, up to its features."""
    net = resnet50()
    net.fc = nn.Identity()
    return net


class WideBlock(nn.Module):
    """Normalize, activate, convolve, twice; the sum with the input."""

    def __init__(self, channels_in: int, channels: int, stride: int, is_first: bool) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(channels_in), nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.skip = nn.Conv2d(channels_in, channels, 1, stride, bias=False) if channels != channels_in else None
        self.is_first = is_first

    def forward(self, x: Tensor) -> Tensor:
        out = F.leaky_relu(self.bn1(x), 0.1, inplace=True)
        if self.skip is not None:
            x = self.skip(out if self.is_first else x)
        out = F.leaky_relu(self.bn2(self.conv1(out)), 0.1, inplace=True)
        return self.conv2(out) + x


def wide_resnet28(widen: int = 2) -> nn.Sequential:
    """28 layers."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False)]
    channels = 16
    for number, width in enumerate((16 * widen, 32 * widen, 64 * widen)):
        for unit in range(4):
            stride = 2 if number > 0 and unit == 0 else 1
            layers.append(WideBlock(channels, width, stride, is_first=number == unit == 0))
            channels = width
    tail = [nn.BatchNorm2d(channels), nn.LeakyReLU(0.1, inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, *tail)


NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "convnet": (small_convnet, 128),
    "colored": (partial(small_convnet, channels=3), 128),
    "resnet18": (cifar_resnet18, 512),
    "wrn28": (wide_resnet28, 128),
    "resnet50": (photo_resnet50, 2048),
}


# --- data -------------------------------------------------------------------------------------------------------


def windows(images: Tensor, padding: int) -> Tensor:
    """A random window of the old size from every padded image."""
    count, _, height, width = images.shape
    padded = F.pad(images, (padding, padding, padding, padding))
    device = images.device
    top = torch.randint(2 * padding + 1, (count, 1), device=device) + torch.arange(height, device=device)
    left = torch.randint(2 * padding + 1, (count, 1), device=device) + torch.arange(width, device=device)
    rows = torch.arange(count, device=device).view(-1, 1, 1)
    return padded.permute(0, 2, 3, 1)[rows, top.unsqueeze(2), left.unsqueeze(1)].permute(0, 3, 1, 2)


def augment_digits(images: Tensor) -> Tensor:
    return windows(images, 1)


def augment_pictures(images: Tensor) -> Tensor:
    """Crop, mirror, normalize."""
    images = windows(images, 4)
    mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    images = torch.where(mirrored, images.flip(-1), images)
    return (images - 0.5) / 0.25


@define
class Batches:
    """Endless shuffled passes over data on the device; bytes become numbers in [0, 1]."""

    images: Tensor
    labels: Tensor
    rows: int
    _order: Tensor = field(factory=lambda: torch.empty(0, dtype=torch.int64))
    _place: int = 0

    def draw(self) -> tuple[Tensor, Tensor]:
        if self._place + self.rows > len(self._order):
            self._order = torch.randperm(len(self.images), device=self.images.device)
            while len(self._order) < self.rows:
                self._order = torch.cat([self._order, self._order])
            self._place = 0
        chosen = self._order[self._place : self._place + self.rows]
        self._place += self.rows
        images = self.images[chosen]
        return images.float() / 255 if images.dtype == torch.uint8 else images, self.labels[chosen]


# --- methods ----------------------------------------------------------------------------------------------------


@contextmanager
def untracked(net: nn.Module) -> Iterator[None]:
    """Batch normalization without moving the running statistics."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.track_running_stats = False
    yield
    for norm in norms:
        norm.track_running_stats = True


def unit(d: Tensor) -> Tensor:
    return F.normalize(d.flatten(1), dim=1).view_as(d)


def kl(logits_p: Tensor, logits_q: Tensor) -> Tensor:
    return F.kl_div(logits_q.log_softmax(1), logits_p.log_softmax(1), log_target=True, reduction="batchmean")


def direction_by_derivative(net: Callable[[Tensor], Tensor], images: Tensor, d: Tensor) -> Tensor:
    """The Hessian of the divergence times d: forward derivative, then reverse."""
    leaf = images.detach().requires_grad_()
    with forward_ad.dual_level():
        logits, slope = forward_ad.unpack_dual(net(forward_ad.make_dual(leaf, d)))
    p = logits.detach().softmax(1)
    slope = slope.detach()
    return torch.autograd.grad(logits, leaf, p * (slope - (p * slope).sum(1, keepdim=True)))[0]


def direction_by_difference(net: Callable[[Tensor], Tensor], images: Tensor, d: Tensor) -> Tensor:
    """The gradient of the divergence at a small step along d, as the authors' code has it."""
    d = (0.01 * d).requires_grad_()
    with torch.no_grad():
        clean = net(images)
    return torch.autograd.grad(kl(clean, net(images + d)), d)[0]


class Model(nn.Module):
    """A network with its heads, and the loss of a method."""

    def __init__(self, recipe: Recipe, execution: Execution) -> None:
        super().__init__()
        make, dim = NETWORKS[recipe.network]
        self.net: nn.Module = make()
        self.classes = nn.Linear(dim, recipe.classes)
        if recipe.method == "s4l":
            self.angles = nn.Linear(dim, 4)
        self.finite = recipe.finite
        # a batch-normalized network must see the unturned images once more: leaving them out moves its statistics
        self.is_coupled = any(isinstance(module, nn.BatchNorm2d) for module in self.net.modules())
        self.device_type = execution.device.type

    def judge(self, images: Tensor) -> Tensor:
        scores: Tensor = self.classes(self.net(images))
        return scores

    def supervised(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        return {"ce": F.cross_entropy(self.judge(images), labels)}

    def s4l(self, labeled: Tensor, labels: Tensor, unlabeled: Tensor) -> dict[str, Tensor]:
        """All quarter turns of all images in one pass; its first quarter serves the other terms where it can."""
        images = torch.cat([labeled, unlabeled])
        count, known = len(images), len(labeled)
        turned = [images.rot90(turns, (2, 3)) for turns in range(4)]
        features = self.net(torch.cat([images, *turned] if self.is_coupled else turned))
        logits = self.classes(features[:count])
        features = features[-4 * count :]
        turns = torch.arange(4, device=images.device).repeat_interleave(count)
        each = F.cross_entropy(self.angles(features), turns, reduction="none").view(4, count)
        rotation = (each[:, :known].mean() + each[:, known:].mean()) / 2
        ce = F.cross_entropy(logits[:known], labels)
        return {"ce": ce, "rotation": 0.7 * rotation, "vat": 0.3 * self.vat(unlabeled, logits[known:].detach())}

    def vat(self, images: Tensor, clean: Tensor) -> Tensor:
        d = unit(torch.randn_like(images))
        find = direction_by_difference if self.finite else direction_by_derivative
        with untracked(self.net):
            with torch.autocast(self.device_type, enabled=False):
                d = unit(find(self.judge, images, d))
            return kl(clean, self.judge(images + d))

    def forward(self, *batch: Tensor) -> dict[str, Tensor]:
        return self.s4l(*batch) if len(batch) == 3 else self.supervised(*batch)


# --- training ---------------------------------------------------------------------------------------------------


class Loop:
    """The training loop; `step` is one turn of it."""

    def __init__(
        self, recipe: Recipe, execution: Execution, images: Tensor, labels: Tensor, known: Tensor | None = None
    ) -> None:
        """known: which samples have labels for training; all of them if it is not given."""
        device, self.recipe, self.execution = execution.device, recipe, execution
        images, labels = images.to(device), labels.to(device)
        chosen = slice(None) if known is None else known.to(device)
        self.labeled = Batches(images[chosen], labels[chosen], recipe.labeled)
        self.unlabeled = Batches(images, labels, recipe.unlabeled)
        self.augment = augment_digits if images.shape[1] == 1 else augment_pictures
        self.model = Model(recipe, execution).to(device)
        if execution.is_tuned:
            self.model.to(memory_format=torch.channels_last)
        self.run: Callable[..., dict[str, Tensor]] = self.model
        if execution.is_compiled:
            self.run = torch.compile(self.model)
        fused = True if execution.is_tuned else None
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=recipe.lr, momentum=recipe.momentum, fused=fused)
        self.sums: dict[str, Tensor] = {}
        self.logged: dict[str, float] = {}

    def batch(self) -> list[Tensor]:
        images, labels = self.labeled.draw()
        batch = [self.augment(images), labels]
        if self.recipe.unlabeled:
            batch.append(self.augment(self.unlabeled.draw()[0]))
        if self.execution.is_tuned:
            batch = [t.contiguous(memory_format=torch.channels_last) if t.ndim == 4 else t for t in batch]
        return batch

    def step(self, number: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.lr * 0.5 * (1 + math.cos(math.pi * number / self.recipe.steps))
        with self._precision():
            losses = self.run(*self.batch())
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.log(number, losses)

    def log(self, number: int, losses: dict[str, Tensor]) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value.detach() if name in self.sums else value.detach()
        if (number + 1) % LOG_EVERY == 0:
            self.logged = {name: total.item() / LOG_EVERY for name, total in self.sums.items()}
            self.sums = {}

    def _precision(self) -> torch.autocast | nullcontext[None]:
        if self.execution.precision == "bf16":
            return torch.autocast(self.execution.device.type, torch.bfloat16)
        return nullcontext()
