"""Networks whose sizes only their own code knows: averages of them, heads behind them, inputs that they do not take."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ssldsl.check import check
from ssldsl.errors import SpecError
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.nets.shapes import output_shape
from ssldsl.runtime.run import Options, Result, run
from ssldsl.source import Source

OPS = '''
import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Images, PositiveInt, op


@op(role="nets")
class Foreign(nn.Module):
    """A network of a width that it alone knows."""

    def __init__(self, channels: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(64 * channels, 12)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Features[Tensor, "batch dim"]:
        assert images.shape[-1] == 8, f"a width of {images.shape[-1]} does not match 8"
        return self.map(images.flatten(1)).relu()


@op(role="nets")
class Counting(nn.Module):
    """A network that looks at values, so it cannot run without any."""

    def __init__(self, channels: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(64 * channels, 12)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Features[Tensor, "batch dim"]:
        return self.map(images.flatten(1)) * float(images.max().item() < 10)


@op(role="nets")
class Cells(nn.Module):
    """A row of features for every pixel row."""

    def __init__(self, channels: PositiveInt, *, width: PositiveInt = 16, cells: PositiveInt = 8) -> None:
        super().__init__()
        self.map = nn.Linear(channels * 8, width)

    def forward(self, images: Images[Tensor, "batch channels height w"]) -> Features[Tensor, "batch {cells} {width}"]:
        return self.map(images.transpose(1, 2).flatten(2))


@op(role="heads")
class Row(nn.Module):
    """All cells in one row."""

    def __init__(self, dim: PositiveInt, cells: PositiveInt) -> None:
        super().__init__()

    def forward(self, tokens: Features[Tensor, "batch cells dim"]) -> Features[Tensor, "batch cells*dim"]:
        return tokens.flatten(1)


@op(role="heads")
class MeanOfCopies(nn.Module):
    """One row of four copies."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(dim, dim)

    def forward(self, features: Features[Tensor, "4*batch dim"]) -> Features[Tensor, "batch dim"]:
        return self.map(features.view(-1, 4, features.shape[-1]).mean(1))
'''
START = """
ssl 1
use "my_ops.py"
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
"""
SETTINGS = """
forward   = concat
batch     = 20
run       = 2it
optimizer = sgd(lr=0.1)
"""
LOSS = """
loss = ce(labeled, net=model) + mean_teacher(random_shift(labeled, 1), labeled, teacher, net=model)
eval top1(images.test, net=teacher)
"""
NETS = {"own": "foreign()", "timm": 'timm_model("resnet10t", channels=1)'}
AVERAGES = {
    "of a composition": "net teacher = ema(model, momentum=0)",
    "composed of averages": "net a = ema(encoder, momentum=0)\nnet b = ema(classes, momentum=0)\nnet teacher = a >> b",
    "before the network's own head": "net a = ema(encoder, momentum=0)\nnet teacher = a >> classes",
    "with its own width": "net a = ema(encoder, momentum=0)\nhead c = linear(a.dim, 10)\nnet teacher = a >> classes",
    "of an average": "net slow = ema(model, momentum=0)\nnet teacher = ema(slow, momentum=0)",
}
HEADS = {
    "of the network's width": "head classes = linear(encoder.dim, 10)\nnet model = encoder >> classes",
    "without a width": "head classes = linear(classes=10)\nnet model = encoder >> classes",
}


def trained(folder: Path, *parts: str, level: int = 1) -> Result:
    (folder / "my_ops.py").write_text(OPS)
    library = Library.shipped().with_file(folder / "my_ops.py")
    spec = "".join(f"{part}\n" for part in (START, *parts, SETTINGS))
    plan = make_plan(check(Source(str(folder / "a.ssl"), spec)).unwrap(), sizes={}, level=level)
    return run(plan, folder / "run", library, Options(is_progress_shown=False))


def refused(folder: Path, *parts: str) -> str:
    with pytest.raises(SpecError) as caught:
        trained(folder, *parts)
    (found,) = caught.value.diagnostics
    assert found.span is not None
    return f"{found.code} {found.span.text}: {found.message} | {found.help}"


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("average", AVERAGES)
def test_an_average_of_a_network_of_unknown_width_is_that_network_at_momentum_0(
    net: str, average: str, tmp_path: Path
) -> None:
    if net == "timm":
        pytest.importorskip("timm")
    evaluated = LOSS + "eval top1(images.test, net=model) as of_model\n"
    head = HEADS["of the network's width"]
    metrics = trained(tmp_path, f"net encoder = {NETS[net]}", head, AVERAGES[average], evaluated).metrics["main"]
    assert metrics["top1"] == metrics["of_model"]


@pytest.mark.parametrize("head", HEADS)
def test_heads_behind_a_network_of_unknown_width(head: str, tmp_path: Path) -> None:
    average = AVERAGES["of a composition"]
    assert trained(tmp_path, "net encoder = foreign()", HEADS[head], average, LOSS).status == "finished"


def test_an_average_of_an_average_follows(tmp_path: Path) -> None:
    chain = "net slow = ema(model, momentum=0.5)\nnet teacher = ema(slow, momentum=0.5)"
    trained(tmp_path, "net encoder = foreign()", HEADS["without a width"], chain, LOSS)
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None
    weights = read_part(last, "weights")

    def moved(path: str) -> Tensor:
        return weights[f"{path}.map.weight"]

    fast = (moved("encoder") - moved("slow/encoder")).norm()
    slow = (moved("encoder") - moved("teacher/slow/encoder")).norm()
    assert 0 < fast < slow


def test_a_width_that_is_a_product_of_sizes_can_be_said(tmp_path: Path) -> None:
    nets = "net grid = cells()\nhead flat = row()\nnet encoder = grid >> flat"
    head = HEADS["of the network's width"]
    assert trained(tmp_path, nets, head, AVERAGES["of a composition"], LOSS).status == "finished"


def test_a_head_that_makes_one_row_of_four_copies(tmp_path: Path) -> None:
    nets = "net encoder = convnet(width=8)\nhead pool = mean_of_copies()\nhead classes = linear(encoder.dim, 10)"
    loss = "let z = classes(pool(encoder(rotate4(labeled))))\nloss = cross_entropy(z, labeled.label) as pooled"
    assert trained(tmp_path, nets, loss).status == "finished"


def test_a_mean_of_copies_is_not_taken_from_the_means_of_other_copies(tmp_path: Path) -> None:
    """Rows of the encoder can be shared, since an image is the first of its copies; those of the head cannot."""
    nets = "net encoder = convnet(width=8)\nhead pool = mean_of_copies()\nhead classes = linear(encoder.dim, 10)"
    f = "classes(pool(encoder({})))".format
    few, many = f("rotate4(labeled)"), f("rotate4(rotate4(labeled))")
    loss = f"loss = entropy({few}) as few + entropy({many}) as many"
    lines = []
    for level in (0, 1):
        folder = tmp_path / str(level)
        folder.mkdir()
        trained(folder, nets, loss, level=level)
        lines.append(read_lines(folder / "run")[0][0]["loss"])
    assert lines[1] == pytest.approx(lines[0], rel=1e-5)


def test_a_network_that_looks_at_values_has_its_width_found_all_the_same(tmp_path: Path) -> None:
    head, average = HEADS["of the network's width"], AVERAGES["of a composition"]
    assert trained(tmp_path, "net encoder = counting()", head, average, LOSS).status == "finished"


@pytest.mark.parametrize(
    ("net", "side"),
    [
        ("foreign()", ""),  # 8 is no usual side
        ('timm_model("vit_tiny_patch16_224", channels=1)', "`>> resize(224)`"),
        ('timm_model("swin_tiny_patch4_window7_224", channels=1)', "`>> resize(224)`"),
    ],
)
def test_images_that_a_network_does_not_take_are_a_message_at_its_line(net: str, side: str, tmp_path: Path) -> None:
    if net.startswith("timm"):
        pytest.importorskip("timm")
    loss = "loss = ce(labeled >> resize(16), net=model)\neval top1(images.test >> resize(16), net=model)"
    said = refused(tmp_path, f"net encoder = {net}", HEADS["of the network's width"], loss)
    assert said.startswith(f"R406 {net}: `encoder` cannot take images of 16 by 16 pixels and 1 channel:")
    assert side in said


def test_finding_a_shape_leaves_a_network_as_it_was() -> None:
    layer = torch.nn.BatchNorm2d(3)
    output_shape(layer, (2, 3, 4, 4), "cpu")
    assert layer.training and layer.num_batches_tracked == 0
