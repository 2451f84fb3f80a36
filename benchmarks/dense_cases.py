"""The dense methods as specs, beside their recipes by hand."""

from pathlib import Path

import torch
from attrs import frozen

from benchmarks.cases import COUNT, DIGITS, PICTURES
from benchmarks.dense import Recipe
from benchmarks.dense_views import Crop
from ssldsl.source import Source

HEADER = "ssl 1\ndata images = {data}\n{views}stream unlabeled = unlabel(images.train)\n{labeled}"
COLORS = "flip() >> color_jitter(0.8, 0.8, 0.8, 0.2, p=0.8, shuffled=true) >> grayscale(p=0.2)"
SWAV = """
head projector = mlp_head(encoder.dim, hidden=[128], out=128, norm="batch") >> l2norm()
head clusters  = prototypes(128, {clusters})
let past = queue(projector(encoder(crops.first(2))), length={queue})
loss = swav(crops, context=stop(clusters(past)), ready=past.ready)
"""
SUAVE = """
head projector = mlp_head(encoder.dim, hidden=[128], out=32, norm="batch") >> l2norm()
head clusters  = prototypes(32, {clusters})
loss = suave(crops, view0(labeled), {clusters}, n_crops={crops}, u={rows}, l={known}, queue_length={queue})
"""
SIMCLR = """
head projector = mlp_head(encoder.dim, hidden=[128], out=128, norm="batch")
loss = simclr(crops)
"""
FIXMATCH = """
head classes = linear(encoder.dim, {clusters})
view weak    = flip() >> random_shift(4)
loss = ce(weak(labeled), net=encoder >> classes)
  + fixmatch(weak(unlabeled), cutout(rand_augment(weak(unlabeled))), net=encoder >> classes)
"""
DINO = """
head clusters = dino_head(encoder.dim, {clusters}, hidden=192, bottleneck=64)
net model     = encoder >> clusters
net teacher   = ema(model, momentum=1 - 0.004*cosine())
loss = dino(crops, teacher, net=model)
"""
LOSSES = {"swav": SWAV, "suave": SUAVE, "dino": DINO, "simclr": SIMCLR, "fixmatch": FIXMATCH}
NETWORKS = {
    "convnet": 'convnet(width=32, norm="batch")',
    "resnet18": "resnet18()",
    "resnet50": "resnet50()",
    "vit_small": "vit_small()",
    "vit": "vit(width=96, depth=4, heads=3, patch=4, image=32)",
}
OPTIMIZERS = {"sgd": "sgd(lr=0.1 * cosine(), momentum=0.9)", "adamw": "adamw(lr=2e-3 * cosine(), weight_decay=0.01)"}


@frozen
class DenseCase:
    """One comparison. `side`: of the `count` made-up pictures."""

    name: str
    recipe: Recipe
    side: int = 32
    count: int = COUNT

    @property
    def images(self) -> int:
        return sum(self.recipe.rows)

    @property
    def is_small(self) -> bool:
        return self.side == 8  # digits

    @property
    def labels(self) -> int:
        return 30 if self.is_small else self.count // 10

    def source(self, pictures: Path) -> Source:
        """The spec. `pictures`: the file of made-up pictures."""
        recipe = self.recipe
        rows, known = recipe.rows
        views = [f"view view{i} = {_view(crop, recipe.colors)}\n" for i, crop in enumerate(recipe.crops)]
        head = HEADER.format(
            data=DIGITS if self.is_small else PICTURES.format(pictures=pictures, side=self.side),
            views="".join(views),
            labeled=f"stream labeled = images.train.subset({self.labels}, seed=0)\n" if known else "",
        )
        body = LOSSES[recipe.method].format(
            clusters=recipe.clusters, queue=recipe.queue, rows=rows, known=known, crops=_count(recipe)
        )
        text = (
            f"{head}net encoder = {NETWORKS[recipe.network]}\n{_crops(recipe)}{body}"
            f"optimizer = {OPTIMIZERS[recipe.optimizer]}\nforward = concat\n"
            f"batch = {{unlabeled: {rows}{f', labeled: {known}' if known else ''}}}\n"
            "run = 100000it\nclock = unlabeled\n"
        )
        return Source(f"{self.name}.ssl", text)


def _view(crop: Crop, colors: bool) -> str:
    made = [f"random_resized_crop({crop.size}, scale=[{crop.scale[0]}, {crop.scale[1]}])"]
    made += [f"random_shift({crop.shift})"] if crop.shift else []
    return " >> ".join([*made, COLORS] if colors else made)


def _crops(recipe: Recipe) -> str:
    draws = [f"draw({crop.count}, view{i}(unlabeled))" for i, crop in enumerate(recipe.crops)]
    return f"let crops = {' | '.join(draws)}" if draws else ""


def _count(recipe: Recipe) -> int:
    return sum(crop.count for crop in recipe.crops)


def cases(device: torch.device, *, is_quick: bool) -> list[DenseCase]:
    """All comparisons, in sizes that suit the device."""
    on_cuda = device.type == "cuda"
    rows = 256 if on_cuda else 16 if is_quick else 64
    queue = 16 * rows
    photo = (Crop(2, 32, (0.14, 1.0)), Crop(4, 18, (0.05, 0.14)))
    patched = (Crop(2, 32, (0.4, 1.0)), Crop(4, 16, (0.05, 0.4)))
    digits = (Crop(2, 8, (0.7, 1.0), shift=1), Crop(2, 6, (0.4, 0.7)))
    few = rows // 2
    return [
        DenseCase("convnet/swav", Recipe("swav", "convnet", photo, (rows, 0), 512, queue, colors=True)),
        DenseCase("convnet/swav-light", Recipe("swav", "convnet", photo, (rows, 0), 512, queue)),
        DenseCase("resnet18/swav", Recipe("swav", "resnet18", photo, (few, 0), 512, queue, colors=True)),
        DenseCase("digits/suave", Recipe("suave", "convnet", digits, (128, 30), 10, 512, optimizer="adamw"), side=8),
        DenseCase("vit/dino", Recipe("dino", "vit", patched, (few, 0), 1024, colors=True, optimizer="adamw")),
    ]
