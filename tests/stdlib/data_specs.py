"""Specs that train on what an op makes of data, and what the checker says of them."""

import shutil
from pathlib import Path

import torch

import ssldsl
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


def assert_resumes_exactly(text: str, folder: Path) -> None:
    """A run that goes on from its first checkpoint, with a worker, ends with the weights of one that never stopped."""
    experiment = ssldsl.loads(text, str(folder / "spec.ssl"))
    whole = experiment.run(folder / "whole", progress=False, report=False)
    parted = experiment.run(folder / "parted", progress=False, report=False, checkpoint_every=2)
    for checkpoint in sorted((parted.folder / "checkpoints").iterdir())[1:]:
        shutil.rmtree(checkpoint)
    parted.resume(progress=False, report=False, workers=1)
    states = [run.module("encoder").state_dict() for run in (whole, parted)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
