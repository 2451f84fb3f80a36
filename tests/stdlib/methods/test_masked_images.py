"""MAE and iBOT as definitions: formulas written anew, for the patches that were hidden."""

from typing import NamedTuple

import pytest
import torch
from experiments import LIBRARY, plan_of
from torch import Tensor, nn

from ssldsl.runtime.nets.memories import build_memories
from ssldsl.runtime.step.module import make_step

HEAD = """ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream unlabeled = unlabel(images.train.subset(6, seed=0))
net    encoder   = vit(width=8, depth=1, heads=2, patch=2, image=8, mask_token=true)
head   classes   = dino_head(encoder.dim, 5, hidden=8, bottleneck=4)
head   decoder   = vit_decoder(encoder.dim, out=4, width=8, depth=1, heads=2)
batch = {unlabeled: 4}
run   = 5it
"""
IBOT = """net teacher = ema(encoder, momentum=0.9)
net top = ema(classes, momentum=0.9)
let large = unlabeled | solarize(unlabeled, threshold=0, p=1)
let masks = block_patch_mask(large, patch=2, smallest=1, p=0.7)
loss = ibot(large, unlabeled >> resize(4), masks, teacher, top, teacher_temperature=0.07)
"""


class Seen(NamedTuple):
    features: Tensor
    tokens: Tensor


class Patched(nn.Module):
    """Of every patch, but for those that are hidden, an affine map of its pixels; and of all the mean."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3, generator=torch.Generator().manual_seed(seed)).double())
        self.masks: list[Tensor] = []

    def forward(self, images: Tensor, mask: Tensor | None = None, kept: Tensor | None = None) -> Seen:
        if mask is not None:
            self.masks.append(mask)
        if kept is not None:
            self.masks.append(torch.ones(len(images), 16).double().scatter(1, kept, 0.0))
        return self.of(images, mask)

    def of(self, images: Tensor, mask: Tensor | None = None) -> Seen:
        side = images.shape[-1] // 2
        pixels = images.view(-1, side, 2, side, 2).transpose(2, 3).reshape(-1, side * side, 4)
        tokens = pixels @ self.weight
        if mask is not None:
            tokens = tokens * (1 - mask).unsqueeze(2)
        return Seen(tokens.mean(dim=1), tokens)


class Mapped(nn.Module):
    """An affine map of every row, which may be a patch."""

    def __init__(self, seed: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, out, generator=torch.Generator().manual_seed(seed)).double())

    def forward(self, rows: Tensor, mask: Tensor | None = None, features: Tensor | None = None) -> Tensor:
        return rows @ self.weight if mask is None else torch.full((*mask.shape, 4), 0.5).double()


def step_of(text: str, images: Tensor, modules: dict[str, nn.Module], **held: Tensor) -> dict[str, Tensor]:
    plan = plan_of(text, level=1)
    stage = plan.stages[0]
    memories = build_memories(plan, stage, {"unlabeled.image": (1, 8, 8)}, LIBRARY).double()
    buffers = dict(memories.named_buffers())
    for name, values in held.items():
        next(b for path, b in buffers.items() if path.startswith(name)).copy_(values)
    found = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    assert modules.keys() <= found.keys(), sorted(found)
    found.update(modules)
    batch: dict[str, Tensor] = {f"unlabeled.{part}": torch.arange(4) for part in ("index", "position")}
    batch |= {f"unlabeled.{part}": torch.zeros(4, dtype=torch.int64) for part in ("epoch", "copy")}
    batch["unlabeled.image"] = images
    result: dict[str, Tensor] = make_step(plan, stage, found, LIBRARY, memories=memories)(batch, torch.zeros(0))
    return result


def photos() -> Tensor:
    return torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(5)).double()


@pytest.mark.parametrize("normalized", ["true", "false"])
def test_mae_is_the_error_of_hidden_pixels(normalized: str) -> None:
    encoder = Patched(0)
    text = f"{HEAD}loss = mae(unlabeled, patch=2, normalized={normalized})\n"
    found = step_of(text, photos(), {"encoder": encoder, "decoder": Mapped(0, 4)})
    (mask,) = encoder.masks
    total, count = 0.0, 0
    for image, hidden in zip(photos()[:, 0], mask.view(4, 4, 4), strict=True):
        for row, column in hidden.nonzero().tolist():
            patch = image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            if normalized == "true":
                patch = (patch - patch.mean()) / (patch.var() + 1e-6).sqrt()
            total, count = total + ((patch - 0.5) ** 2).mean().item(), count + 1
    assert count == 4 * 12
    assert found["loss"].item() == pytest.approx(total / count, abs=1e-9)


def test_ibot_is_dino_of_images_with_hidden_patches_and_the_loss_of_these() -> None:
    encoder, teacher, head, top = Patched(0), Patched(1), Mapped(2, 5), Mapped(3, 5)
    images = photos()
    modules = {"encoder": encoder, "classes": head, "teacher": teacher, "top": top}
    centers = {"distilled": torch.arange(5) / 10, "masked_tokens": torch.arange(5) / -7}
    found = step_of(f"{HEAD}{IBOT}", images, modules, **centers)
    masks = torch.split(torch.cat(encoder.masks), 4)
    assert 0 < torch.cat(masks).mean() < 0.5
    large = [images, 1 - images]
    small = torch.nn.functional.interpolate(images, size=4, mode="bilinear", antialias=True)
    seen = [encoder.of(x, m) for x, m in zip(large, masks, strict=True)]
    logits = [head(s.features) for s in seen] + [head(encoder.of(small).features)]
    told = [teacher.of(x) for x in large]
    q = [((top(t.features) - centers["distilled"]) / 0.07).softmax(1).detach() for t in told]
    pairs = [(i, v) for i in range(2) for v in range(3) if v != i]
    image = torch.stack([-(q[i] * (logits[v] / 0.1).log_softmax(1)).sum(1).mean() for i, v in pairs]).mean()
    parts = []
    for s, t, mask in zip(seen, told, masks, strict=True):
        target = ((top(t.tokens) - centers["masked_tokens"]) / 0.07).softmax(2).detach()
        losses = -(target * (head(s.tokens) / 0.1).log_softmax(2)).sum(2)
        parts.append((mask * losses).sum(1) / mask.sum(1).clamp(min=1))
    patches = torch.cat(parts).mean()
    assert found["image"].item() == pytest.approx(image.item(), abs=1e-7)
    assert found["patches"].item() == pytest.approx(patches.item(), abs=1e-7)
    expected = torch.autograd.grad(image + patches, [encoder.weight, head.weight])
    found["loss"].backward()
    torch.testing.assert_close([encoder.weight.grad, head.weight.grad], list(expected), atol=1e-6, rtol=0)
    assert teacher.weight.grad is None and top.weight.grad is None
