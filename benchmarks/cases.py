"""What is measured: networks times methods, as a spec for the compiler and as a recipe for the code by hand."""

from pathlib import Path

import torch
from attrs import frozen

from benchmarks.by_hand import Recipe
from ssldsl.source import Source

DIGITS = "digits()"
PICTURES = 'image_arrays(path="{pictures}", channels=3, height={side}, width={side}, classes=10)'
COUNT = 5000  # of the made-up pictures; a tenth of them has labels
VIEWS = {
    DIGITS: "random_shift(1)",
    PICTURES: "random_crop(size={side}, padding=4) >> flip() >> normalize(mean=[0.5], std=[0.25])",
}
NETS = {
    "quickstart": ("convnet(width=32)", "convnet", DIGITS),
    "resnet18": ('resnet18(stem="cifar")', "resnet18", PICTURES),
    "wrn28": ("wrn28(widen=2)", "wrn28", PICTURES),
    "convnet": ("convnet(width=32)", "colored", PICTURES),
    "resnet50": ("resnet50()", "resnet50", PICTURES),
}
FINITE = """
def vat_by_difference(x, using net = encoder >> classes) =
  mean(virtual_adversarial(net, x, net(x), epsilon=1.0, xi=0.01))
"""
LOSSES = {
    "supervised": "ce(labeled)",
    "s4l": "ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled)",
    "s4l-finite": "ce(labeled) + 0.7*rotation(all) + 0.3*vat_by_difference(unlabeled) as vat",
}


@frozen
class Case:
    """One comparison. `rows`: of the labeled and of the unlabeled stream. `side`: of the `count` made-up pictures."""

    net: str
    method: str
    rows: tuple[int, int]
    side: int = 32
    count: int = COUNT

    @property
    def name(self) -> str:
        return f"{self.net}/{self.method}"

    @property
    def images(self) -> int:
        """Images of one step, before any view multiplies them."""
        return sum(self.rows)

    @property
    def recipe(self) -> Recipe:
        finite = self.method == "s4l-finite"
        return Recipe(NETS[self.net][1], self.method.removesuffix("-finite"), *self.rows, finite=finite)

    @property
    def is_small(self) -> bool:
        return NETS[self.net][2] == DIGITS

    @property
    def labels(self) -> int:
        """How many samples have labels."""
        return 100 if self.is_small else self.count // 10

    def source(self, pictures: Path) -> Source:
        """The spec. `pictures`: the file of made-up pictures."""
        call, _, data = NETS[self.net]
        view = VIEWS[data].format(side=self.side)
        streams, batch, clock = "", f"labeled: {self.rows[0]}", "labeled"
        if self.rows[1]:
            streams = f"stream unlabeled = unlabel(images.train) >> {view}\nstream all = labeled | unlabeled\n"
            batch, clock = f"{batch}, unlabeled: {self.rows[1]}", "unlabeled"
        return Source(
            f"{self.name}.ssl",
            f"ssl 1\n{FINITE if self.method == 's4l-finite' else ''}"
            f"data images = {data.format(pictures=pictures, side=self.side)}\n"
            f"stream labeled = images.train.subset({self.labels}, seed=0) >> {view}\n{streams}"
            f"net encoder = {call}\nhead classes = linear(encoder.dim, images.classes)\n"
            f"loss = {LOSSES[self.method]}\noptimizer = sgd(lr=0.1 * cosine(), momentum=0.9)\n"
            f"batch = {{{batch}}}\nrun = {Recipe.__attrs_attrs__.steps.default}it\nclock = {clock}\n"
            + ("" if self.is_small else "forward = concat\n"),
        )


def cases(device: torch.device, *, is_quick: bool) -> list[Case]:
    """All comparisons, in sizes that suit the device."""
    if device.type == "cuda":
        large, mixed = 512, (128, 256)
    else:
        large, mixed = (16, (4, 8)) if is_quick else (32, (8, 16))
    found = []
    for net in ("quickstart", "resnet18", "wrn28"):
        alone, both = (50, (50, 100)) if net == "quickstart" else (large, mixed)
        found += [Case(net, "supervised", (alone, 0)), Case(net, "s4l", both)]
    return [*found, Case("quickstart", "s4l-finite", (50, 100))]
