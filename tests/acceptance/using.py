"""The program as a user drives it, and small specs for it."""

from pathlib import Path

from click.testing import CliRunner, Result
from small_specs import classifier

from ssldsl import cli
from ssldsl.errors import SpecError

SPEC = (
    classifier()
    + """\
optimizer = sgd(lr=0.1)
batch     = 10
run       = 3it
eval top1(images.test)
"""
)
OPS = '''\
"""Ops of a user."""

from torch import Tensor, nn

from ssldsl.ops import Features, Images, Logits, PositiveFloat, PositiveInt, Scalar, op
from ssldsl.ops.random import SampleRng


@op()
def spread(logits: Logits[Tensor, "batch classes"], *, power: PositiveFloat = 2.0) -> Scalar[Tensor, ""]:
    """Mean power of the scores."""
    return logits.abs().pow(power).mean()


@op()
def noise(
    images: Images[Tensor, "batch channels height width"], *, rng: SampleRng, scale: PositiveFloat = 0.1
) -> Images[Tensor, "batch channels height width"]:
    """Images with Gaussian noise."""
    return images + scale * rng.normal(*images.shape[1:]).to(images)


@op()
class Tiny(nn.Module):
    """One convolution and the mean over all places."""

    def __init__(self, channels: PositiveInt, *, width: PositiveInt = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Features[Tensor, "batch {width}"]:
        return self.conv(images).relu().mean((2, 3))
'''
COMMON = """\
ssl 1
def small(x, using net = encoder >> classes) = mean(spread(net(x)))
"""
OWN = (
    SPEC.replace("ssl 1\n", 'ssl 1\nuse "my_ops.py"\nuse "common.ssl"\n')
    .replace("seed=0)", "seed=0) >> noise(scale=0.05)")
    .replace("convnet(width=4)", "tiny(width=4)")
    .replace("ce(labeled)", "ce(labeled) + 0.1*small(labeled)")
)


def write(folder: Path, **changes: tuple[str, str]) -> Path:
    """The spec with ops of its own, and the files it uses; `ops`, `spec`: what is replaced by what."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my_ops.py").write_text(OPS.replace(*changes.get("ops", ("", "")), 1), encoding="utf-8")
    (folder / "common.ssl").write_text(COMMON, encoding="utf-8")
    spec = folder / "own.ssl"
    spec.write_text(OWN.replace(*changes.get("spec", ("", "")), 1), encoding="utf-8")
    return spec


def ssldsl(*arguments: object) -> Result:
    """The program in this process."""
    return CliRunner().invoke(cli.commands, [str(a) for a in arguments], standalone_mode=False)


def run(spec: Path, *arguments: object) -> Result:
    """`ssldsl run`, with its folders beside the spec and nothing but what matters here."""
    return ssldsl("run", spec, "-o", spec.parent / "runs", "--no-progress", "--no-report", *arguments)


def message(result: Result) -> str:
    """The message that the program ends with."""
    assert isinstance(result.exception, SpecError), result
    return str(result.exception)
