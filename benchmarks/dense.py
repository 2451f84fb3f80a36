"""SwAV, Suave, DINO, SimCLR and FixMatch by hand in plain PyTorch, whole batches at a time.

Networks and heads are those of the library. Two opponents. `law`: views and assignments are the library's functions
too, over the joined rows of all equal crops, so the numbers have the law and the cost of the compiled side: what is
compared is the step around them. `cheap`: crops by `grid_sample` without antialiasing, one order of color changes, hues
turned as in YIQ, Sinkhorn by powers as they are.
"""

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional as F  # as everybody calls it

from benchmarks.by_hand import LOG_EVERY, Batches, Execution
from benchmarks.dense_views import CheapViews, Crop, LawViews
from ssldsl.stdlib.heads.dino_head import DinoHead
from ssldsl.stdlib.heads.l2norm import L2norm
from ssldsl.stdlib.heads.mlp_head import MlpHead
from ssldsl.stdlib.heads.prototypes import Prototypes
from ssldsl.stdlib.nets.convnet import ConvNet
from ssldsl.stdlib.nets.resnet18 import ResNet18
from ssldsl.stdlib.nets.resnet50 import ResNet50
from ssldsl.stdlib.nets.vit import Vit
from ssldsl.stdlib.nets.vit_small import VitSmall
from ssldsl.stdlib.targets.sinkhorn import sinkhorn

Losses = dict[str, Tensor]


@frozen
class Recipe:
    """A dense method. `colors`: whether colors change after a crop. `rows`: unlabeled images of a step, and labeled."""

    method: str
    network: str
    crops: tuple[Crop, ...]
    rows: tuple[int, int]
    clusters: int
    queue: int = 0
    colors: bool = False
    optimizer: str = "sgd"


def powers(scores: Tensor, epsilon: float = 0.05, iterations: int = 3) -> Tensor:
    """Sinkhorn-Knopp as the authors have it."""
    q = (scores / epsilon).exp().T
    for _ in range(iterations):
        q = q / q.sum(dim=1, keepdim=True)
        q = q / q.sum(dim=0, keepdim=True)
    return q.T


# --- methods ----------------------------------------------------------------------------------------------------


def network(name: str, channels: int) -> tuple[nn.Module, int]:
    """A network of the library, and the width of its features."""
    if name == "convnet":
        return ConvNet(channels, width=32, norm="batch"), 128
    if name == "resnet18":
        return ResNet18(channels), 512
    if name == "resnet50":
        return ResNet50(channels), 2048
    if name == "vit_small":
        return VitSmall(channels), 384
    return Vit(channels, width=96, depth=4, heads=3, patch=4, image=32), 96


def features(net: nn.Module, images: Tensor) -> Tensor:
    found = net(images)
    return found if isinstance(found, Tensor) else found[0]


def swapped(logits: list[Tensor], targets: list[Tensor], temperature: float = 0.1) -> Tensor:
    """Every view predicts the targets of the others."""
    log_p = (torch.stack(logits) / temperature).log_softmax(dim=-1)
    others = log_p.sum(dim=0) - log_p[: len(targets)]
    return -(torch.stack(targets) * others).sum(dim=-1).mean() / (len(logits) - 1)


def soft_cross_entropy(logits: Tensor, targets: Tensor, smoothing: float = 0.0, temperature: float = 0.1) -> Tensor:
    targets = (1 - smoothing) * targets + smoothing / targets.shape[1]
    return -(targets * (logits / temperature).log_softmax(dim=1)).sum(dim=1).mean()


class Clusters(nn.Module):
    """SwAV's and Suave's network and loss. The queue of each large crop holds embeddings."""

    def __init__(self, recipe: Recipe, channels: int, is_cheap: bool) -> None:
        super().__init__()
        self.recipe, self.is_cheap = recipe, is_cheap
        self.net, dim = network(recipe.network, channels)
        out = 32 if recipe.rows[1] else 128
        self.projector = nn.Sequential(MlpHead(dim, hidden=[128], out=out, norm="batch"), L2norm())
        self.prototypes = Prototypes(out, recipe.clusters)
        self.register_buffer("queue", torch.zeros(2, recipe.queue, out))
        self.filled = 0

    def codes(self, z: list[Tensor], logits: list[Tensor]) -> list[Tensor]:
        """Assignments of the two large crops, among the rows of their queues once those are full."""
        found = []
        with torch.no_grad():
            for number in range(2):
                scores, is_full = logits[number].detach(), self.filled >= self.recipe.queue
                context = self.prototypes(self.queue[number]) if is_full else None
                if self.is_cheap:
                    rows = scores if context is None else torch.cat([context, scores])
                    found.append(powers(rows)[-len(scores) :])
                else:
                    found.append(sinkhorn(scores, context))
        return found

    @torch.no_grad()
    def remember(self, z: list[Tensor]) -> None:
        rows = len(z[0])
        new = torch.stack(z[:2]).detach()
        self.queue.copy_(torch.cat([new, self.queue[:, :-rows]], dim=1))
        self.filled += rows

    def begin_step(self) -> None:
        self.prototypes.begin_step()

    def forward(self, views: list[Tensor], labeled: Tensor | None, labels: Tensor | None) -> Losses:
        rows, known = self.recipe.rows
        crops = sum(crop.count for crop in self.recipe.crops)
        batches = list(views)
        if labeled is not None:
            mixture, lam = self.mixed(views[0][:rows], views[0][rows:])
            labeled_mixture, labeled_lam = self.mixed(labeled, labeled)
            batches[0] = torch.cat([views[0], mixture, labeled, labeled_mixture])
        found = [features(self.net, images) for images in batches]
        if labeled is not None:
            found = [found[0][: 2 * rows], *found[1:], found[0][2 * rows :]]
        z = self.projector(torch.cat(found))
        logits = self.prototypes(z)
        each = list(logits[: crops * rows].chunk(crops))
        z_each = list(z[: crops * rows].chunk(crops))
        codes = self.codes(z_each, each)
        self.remember(z_each)
        loss = swapped(each, codes)
        if labeled is None or labels is None:
            return {"swav": loss}
        mixed_logits, clean, labeled_mixed = logits[crops * rows :].split([rows, known, known])
        targets = lam * codes[0] + (1 - lam) * codes[1].flip(0)
        truth = F.one_hot(labels, self.recipe.clusters).to(clean.dtype)
        mixed_truth = labeled_lam * truth + (1 - labeled_lam) * truth.flip(0)
        supervised = F.cross_entropy(clean / 0.1, labels, label_smoothing=0.01)
        both = (supervised + soft_cross_entropy(labeled_mixed, mixed_truth, 0.01)) / 2
        total = crops * rows + rows + 2 * known
        return {
            "swapped": crops * rows / total * loss,
            "mixed": rows / total * soft_cross_entropy(mixed_logits, targets),
            "labeled": 2 * known / total * both,
        }

    def mixed(self, images: Tensor, partners: Tensor) -> tuple[Tensor, Tensor]:
        """MixUp or CutMix of a whole batch with another in reverse, without waiting for the numbers."""
        height, width = images.shape[-2:]
        drawn = torch.rand(4, device=images.device)
        side = (1 - drawn[1]).sqrt() / 2
        down = (torch.arange(height, device=images.device) / height - drawn[2]).abs() < side
        across = (torch.arange(width, device=images.device) / width - drawn[3]).abs() < side
        outside = 1 - (down.unsqueeze(1) & across).to(images.dtype)
        own = torch.where(drawn[0] < 0.5, outside, drawn[1])
        return own * images + (1 - own) * partners.flip(0), own.mean()


class Distilled(nn.Module):
    """DINO's pupil, its teacher, and the center."""

    def __init__(self, recipe: Recipe, channels: int, is_cheap: bool) -> None:
        super().__init__()
        self.recipe = recipe
        net, dim = network(recipe.network, channels)
        self.pupil = nn.ModuleList([net, DinoHead(dim, recipe.clusters, hidden=192, bottleneck=64)])
        self.teacher = deepcopy(self.pupil).requires_grad_(False).eval()
        self.register_buffer("center", torch.zeros(recipe.clusters))

    def forward(self, views: list[Tensor], labeled: Tensor | None, labels: Tensor | None) -> Losses:
        net, head = self.pupil
        crops = sum(crop.count for crop in self.recipe.crops)
        logits = head(torch.cat([features(net, images) for images in views]))
        with torch.no_grad():
            net, head = self.teacher
            taught = head(features(net, views[0]))
            targets = ((taught - self.center) / 0.04).softmax(dim=-1)
            self.center.lerp_(taught.mean(dim=0).float(), 0.1)
        return {"dino": swapped(list(logits.chunk(crops)), list(targets.chunk(2)))}

    @torch.no_grad()
    def follow(self, momentum: float) -> None:
        """The teacher moves towards the pupil."""
        torch._foreach_lerp_(list(self.teacher.parameters()), list(self.pupil.parameters()), 1 - momentum)


class Contrastive(nn.Module):
    """SimCLR's network and loss."""

    def __init__(self, recipe: Recipe, channels: int, is_cheap: bool) -> None:
        super().__init__()
        self.net, dim = network(recipe.network, channels)
        self.projector = MlpHead(dim, hidden=[128], out=128, norm="batch")

    def forward(self, views: list[Tensor], labeled: Tensor | None, labels: Tensor | None) -> Losses:
        z = F.normalize(self.projector(features(self.net, views[0])).float(), dim=1)
        scores = (z @ z.T / 0.5).fill_diagonal_(-torch.inf)
        other = torch.arange(len(z), device=z.device).roll(len(z) // 2)
        return {"simclr": F.cross_entropy(scores, other)}


class Thresholded(nn.Module):
    """FixMatch's network and loss: of a weak and a strong view, and of labeled images."""

    def __init__(self, recipe: Recipe, channels: int, is_cheap: bool) -> None:
        super().__init__()
        self.net, dim = network(recipe.network, channels)
        self.classes = nn.Linear(dim, recipe.clusters)

    def forward(self, views: list[Tensor], labeled: Tensor | None, labels: Tensor | None) -> Losses:
        assert labeled is not None and labels is not None
        weak, strong = views
        logits = self.classes(features(self.net, torch.cat([labeled, weak, strong])))
        clean, of_weak, of_strong = logits.float().split([len(labeled), len(weak), len(strong)])
        sure, guess = of_weak.detach().softmax(dim=1).max(dim=1)
        each = F.cross_entropy(of_strong, guess, reduction="none")
        return {"ce": F.cross_entropy(clean, labels), "fixmatch": ((sure >= 0.95) * each).mean()}


METHODS: dict[str, Callable[[Recipe, int, bool], Any]] = {
    "swav": Clusters,
    "suave": Clusters,
    "dino": Distilled,
    "simclr": Contrastive,
    "fixmatch": Thresholded,
}


class Loop:
    """The training loop; `step` is one turn of it."""

    def __init__(
        self,
        recipe: Recipe,
        execution: Execution,
        images: Tensor,
        labels: Tensor,
        known: Tensor | None = None,
        *,
        is_cheap: bool,
    ) -> None:
        device, self.recipe, self.execution = execution.device, recipe, execution
        images, labels = images.to(device), labels.to(device)
        chosen = slice(None) if known is None else known.to(device)
        self.unlabeled = Batches(images, labels, recipe.rows[0])
        self.labeled = Batches(images[chosen], labels[chosen], recipe.rows[1])
        self.views: LawViews | CheapViews = CheapViews() if is_cheap else LawViews()
        self.model = METHODS[recipe.method](recipe, images.shape[1], is_cheap).to(device)
        if execution.is_tuned:
            self.model.to(memory_format=torch.channels_last)
        self.run = torch.compile(self.model) if execution.is_compiled else self.model
        self.optimizer = self._optimizer(fused=True if execution.is_tuned else None)
        self.sums: Losses = {}
        self.logged: dict[str, float] = {}

    def _optimizer(self, fused: bool | None) -> torch.optim.Optimizer:
        learned = [p for p in self.model.parameters() if p.requires_grad]
        if self.recipe.optimizer == "adamw":
            return torch.optim.AdamW(learned, lr=2e-3, fused=fused)
        return torch.optim.SGD(learned, lr=0.1, momentum=0.9, fused=fused)

    @torch.no_grad()
    def batch(self) -> tuple[list[Tensor], Tensor | None, Tensor | None]:
        images, _ = self.unlabeled.draw()
        if self.recipe.method == "fixmatch":
            labeled, labels = self.labeled.draw()
            weak, strong = self.views.weak(torch.cat([labeled, images])), self.views.strong(images)
            known = len(labeled)
            return [self._laid_out(weak[known:]), self._laid_out(strong)], self._laid_out(weak[:known]), labels
        views = [self._laid_out(self.views(images, crop, self.recipe.colors)) for crop in self.recipe.crops]
        if not self.recipe.rows[1]:
            return views, None, None
        labeled, labels = self.labeled.draw()
        return views, self._laid_out(self.views(labeled, self._single(), self.recipe.colors)), labels

    def _single(self) -> Crop:
        large = self.recipe.crops[0]
        return Crop(1, large.size, large.scale, large.shift)

    def _laid_out(self, images: Tensor) -> Tensor:
        return images.contiguous(memory_format=torch.channels_last) if self.execution.is_tuned else images

    def step(self, number: int) -> None:
        pace = 0.5 * (1 + math.cos(math.pi * number / 100_000))
        for group in self.optimizer.param_groups:
            group["lr"] = group.setdefault("first_lr", group["lr"]) * pace
        if isinstance(self.model, Clusters):
            self.model.begin_step()
        batch = self.batch()
        with torch.autocast(self.execution.device.type, torch.bfloat16, enabled=self.execution.precision == "bf16"):
            losses = self.run(*batch)
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if isinstance(self.model, Distilled):
            self.model.follow(1 - 0.004 * pace)
        self._log(number, losses)

    def _log(self, number: int, losses: Losses) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value.detach() if name in self.sums else value.detach()
        if (number + 1) % LOG_EVERY == 0:
            self.logged = {name: total.item() / LOG_EVERY for name, total in self.sums.items()}
            self.sums = {}
