"""Specs whose second stage trains on labels that the first one gives."""

from pathlib import Path

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.comparing.canonical import identity
from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.measure import assumed, measure
from ssldsl.runtime.run import Options, Result, run
from ssldsl.runtime.smoke.plan import smoke_plan
from ssldsl.source import Source

LIBRARY = Library.shipped(installed=False)
SPEC = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(200, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
net    clf       = encoder >> classes
seed = {seed}
stage joint {{
  loss      = ce(labeled)
  run       = {first}
  batch     = 40
  optimizer = sgd(lr=0.3, momentum=0.9)
  average   = polyak(half_life=5it)
}}
stage retrain after joint {{
  stream pseudo = {pseudo}
  init encoder, classes from joint
  loss  = ce(pseudo >> random_shift(1))
  run   = {second}
  batch = 40
  eval top1(images.test)
  eval top1(pseudo) as own
}}
"""
KEPT = "unlabeled.pseudo_label(average_views(joint.average.clf(images.train >> rotate4()), n_views=4), labeled=labeled)"
SURE = "images.train.pseudo_label(joint.clf(images.train), threshold=0.3)"

ROUNDS = """
ssl 1
data   images  = digits()
stream labeled = images.train.subset(200, seed=0)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
net    clf     = encoder >> classes
stage teacher {
  loss  = ce(labeled)
  run   = 4it
  batch = 40
}
stage student[3] after teacher {
  stream pseudo = images.train.pseudo_label(previous.clf(images.train), labeled=labeled)
  init encoder from previous
  loss      = ce(pseudo >> random_shift(1))
  run       = 5it
  batch     = {pseudo: 40}
  optimizer = sgd(lr=0.1 * 0.5**round, momentum=0.9)
  eval top1(images.test)
}
"""

# neighbors in the bank that the round before left
BANKS = """ssl 1
data   images = digits()
stream all    = unlabel(images.train.subset(120, seed=0))
net    encoder = convnet(width=4)
head   z      = linear(encoder.dim, 8) >> l2norm()
let    v      = z(encoder(draw(2, random_shift(all, 1))))
let    past   = bank(v, all.position)
stage embed {
  loss  = super_and(v, past.rows, all.position)
  batch = 40
  run   = 7it
}
stage discover[2] after embed {
  stream near = all.with_neighbors(previous.past.rows, anchors=0.5)
  init encoder, z, past from previous
  let w    = z(encoder(draw(2, random_shift(near, 1))))
  let past = bank(w, near.position)
  loss  = super_and(w, past.rows, near.position, near.neighbor)
  batch = 40
  run   = 7it
}
"""

# clusters of the present features, and of what a bank holds, each at its own pace
CLUSTERS = """
ssl 1
precision = fp64
data   images  = digits()
stream all     = unlabel(images.train.subset(240, seed=0))
net    encoder = convnet(width=8)
head   top     = linear(encoder.dim, 8)
net    normed  = encoder >> l2norm()
let    past    = bank(normed(all), all.position, momentum=0.5)
stream near    = all.kmeans_labels(encoder(all), clusters=8, components=4, every=4it)
stream far     = all.kmeans_labels(past.rows, clusters=8, every=6it)
loss  = cross_entropy(top(encoder(near)), near.cluster) as near
      + cross_entropy(top(encoder(far)), far.cluster) as far
      + mean(entropy(top(encoder(all)))) as sure
watch mean(past.seen) as seen
batch     = {near: 24, far: 24, all: 24}
clock     = near
run       = 10it
optimizer = sgd(lr=0.1, momentum=0.9)
evaluate  = 5it
eval knn(images.test, images.train, k=5)
"""


def text(*, pseudo: str = KEPT, first: str = "10it", second: str = "6it", seed: int = 0) -> str:
    return SPEC.format(pseudo=pseudo, first=first, second=second, seed=seed)


def plan_of(spec: str, *, smoke: bool = False) -> Plan:
    program = check(Source("spec.ssl", spec), library=LIBRARY).unwrap()
    known = assumed(program) if smoke else measure(program, Datasets(LIBRARY))
    plan = pipeline.compile(program, sizes=known.sizes, resident=known.resident)
    return smoke_plan(plan, LIBRARY) if smoke else plan


def identity_of(spec: str) -> str:
    return identity(check(Source("spec.ssl", spec), library=LIBRARY).unwrap())


def carried_out(plan: Plan, folder: Path, *, resume: bool = False, stop_after: int | None = None) -> Result:
    options = Options(is_progress_shown=False, keeps_state=True, stop_after=stop_after, checkpoint_every=2)
    return run(plan, folder, LIBRARY, options, resume=resume)
