"""Specs that train on what an op makes of data, and what the checker says of them."""

from ssldsl.check import Checked, check
from ssldsl.source import Source

ENTROPY = "mean(entropy(classes(encoder(all)))) as sure"


def labeled_part(part: str) -> Source:
    """A classifier of a part of the digits: `subset(10%)`."""
    text = f"""\
ssl 1
data   images  = digits()
stream labeled = images.train.{part}
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, 10)
loss      = ce(labeled)
optimizer = sgd(lr=0.1)
batch     = {{labeled: 50}}
run       = 1ep
clock     = labeled
"""
    return Source("spec.ssl", text)


def trained_on(data: str, loss: str = ENTROPY) -> Source:
    """Training on `data`, which may be of the digits, of clothing, or of two moons."""
    text = f"""\
ssl 1
data   images  = digits()
data   others  = fashion_mnist()
data   moons   = two_moons()
stream all     = {data}
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, 10)
loss  = {loss}
batch = {{all: 50}}
run   = 1it
eval top1(images.test)
"""
    return Source("spec.ssl", text)


def checked(data: str, loss: str = ENTROPY) -> Checked:
    return check(trained_on(data, loss))


def codes(data: str, loss: str = ENTROPY) -> list[str]:
    """The errors of training on `data`."""
    return [d.code for d in checked(data, loss).diagnostics if d.severity == "error"]
