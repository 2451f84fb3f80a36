"""Specs with all kinds of state: two queues that fill at different times, a center, a teacher, prototypes."""

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.source import Source

LIBRARY = Library.shipped(installed=False)

HEAD = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
net    trunk     = encoder >> mlp_head(encoder.dim, hidden=[16], out=8) >> l2norm()
head   protos    = prototypes(8, images.classes)
"""

# Suave at the size of a test: swapped prediction with a queue for each of two crops, and labels on the same prototypes.
SUAVE = (
    HEAD
    + """
let z     = trunk(draw(2, random_shift(unlabeled, 2)))
let past  = queue(z, length={length})
let codes = sinkhorn(stop(protos(z)), stop(protos(past)), past.ready)
loss = cross_entropy(protos(trunk(labeled)), labeled.label, temperature=0.1) as ce
     + mean(soft_cross_entropy(protos(z.last(1) | z.first(1)), codes, temperature=0.1)) as swapped
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = sgd(lr=0.1, momentum=0.9)
evaluate   = {steps}it
accumulate = {accumulate}
eval top1(images.test, net=trunk >> protos)
"""
)

# Daino at the size of a test: a teacher with a center that its scores share, and labels on the student's head.
DAINO = (
    HEAD
    + """
net teacher = ema(trunk >> protos, momentum=1 - 0.01 * cosine())
let crops   = draw(2, random_shift(unlabeled, 2))
let t       = stop(teacher(crops))
let targets = probabilities(centered(t, center(t, momentum=0.9 * cosine(to=0.5))), temperature=0.04)
let s       = protos(trunk(crops))
loss = cross_entropy(protos(trunk(labeled)), labeled.label, temperature=0.1) as ce
     + mean(soft_cross_entropy(s.last(1) | s.first(1), targets, temperature=0.1)) as dino
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = adamw(lr=0.01, weight_decay=0.04 + 0.36 * (1 - cosine()))
evaluate   = {steps}it
accumulate = {accumulate}
eval top1(images.test, net=teacher)
"""
)

# SuperCM at the size of a test: centroids of the labeled rows, read after they have been moved, and a prior on sizes.
SUPERCM = (
    HEAD
    + """
head classes = linear(encoder.dim, images.classes)
let mu    = class_centroids(stop(encoder(labeled)), labeled.label, classes=images.classes, rule="batches")
let x     = encoder(random_shift(labeled) | random_batch_shift(batch_flip(unlabeled), 1))
let gamma = probabilities(classes(x))
loss = ce(labeled) + 0.3*mean(clustering_module(x, gamma, mu, mean="entries")) as cm
     + 0.01*dirichlet_prior(concat(gamma), alpha=[1.5])
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = sgd(lr=0.1, momentum=0.9)
evaluate   = {steps}it
accumulate = {accumulate}
eval top1(images.test)
"""
)

# A row for every sample, of a stream that is passed over three times so that a step may meet a sample twice: a bank of
# two views, what was said of each sample, how well each class is learned; and means that include the step.
SAMPLES = (
    HEAD.replace("unlabel(images.train)", "unlabel(images.train.subset(42, seed=1))")
    + """
let two    = draw(2, random_shift(unlabeled, 2))
let z      = trunk(two)
let past   = bank(z, unlabeled.position, momentum=0.5)
let latest = queue(first(z), length=32)
let who    = queue(labeled.label, length=32)
let p      = probabilities(stop(protos(first(z))))
let seen   = per_sample(p, unlabeled.position, momentum=0.6 * cosine())
let usual  = running_mean(p, start="uniform", momentum=0.9)
let level  = confidence_moments(p, momentum=0.9)
let status = learning_status(p, unlabeled.position, threshold=0.12)
let guess  = hard_labels(p)
let sure   = confidence(p) >= by_class(relative_thresholds(usual, level.mean), guess)
let known  = confidence(p) >= by_class(convex_thresholds(status), guess)
let codes  = sinkhorn(stop(protos(first(z))), stop(protos(past)), latest.ready)
let voters = soft_nearest_neighbors(stop(last(z)), latest.rows, one_hot(who.rows, images.classes))
loss = cross_entropy(protos(trunk(labeled)), labeled.label, temperature=0.1) as ce
     + mean(mse(probabilities(protos(last(z))), seen)) as ensemble
     + mean(sure * known * cross_entropy(protos(last(z)), guess)) as sure
     + mean(soft_cross_entropy(protos(last(z)), codes)) as near
     + mean(soft_cross_entropy(protos(last(z)), voters)) as voted
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = sgd(lr=0.02, momentum=0.9)
evaluate   = {steps}it
accumulate = {accumulate}
eval knn_accuracy(trunk(images.test), images.test.label, past.rows, images.train.subset(42, seed=1).label) as knn
eval top1(images.test, net=trunk >> protos)
"""
)

# PAWS at the size of a test: no state, and a support that all processes share.
PAWS = (
    HEAD
    + """
loss = paws(draw(2, random_shift(unlabeled, 2)) | draw(2, unlabeled >> random_resized_crop(6)), labeled, 10, net=trunk)
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = sgd(lr=0.02, momentum=0.9)
accumulate = {accumulate}
"""
)

# FixMatch, and the same with a threshold that is a mean of the labeled rows of all processes (as AdaMatch has it).
THRESHOLDS = (
    HEAD
    + """
net model   = encoder >> linear(encoder.dim, images.classes)
let strong  = random_shift(unlabeled, 2)
let p       = probabilities(stop(model(unlabeled)))
let known   = confidence(probabilities(stop(model(labeled))))
let sure    = confidence(p) >= mean(known)
loss = ce(labeled, net=model) + fixmatch(unlabeled, strong, net=model, threshold=0.12)
     + mean((1 - 0.5*sure) * kl(model(strong), 0.75*p + 0.25*mean([p, p]))) as soft
batch      = {{labeled: 8, unlabeled: 16}}
run        = {steps}it
clock      = unlabeled
optimizer  = sgd(lr=0.1, momentum=0.9)
accumulate = {accumulate}
"""
)


def plan_of(text: str, *, level: int = 1, length: int = 48, steps: int = 8, accumulate: int = 1) -> Plan:
    """The plan of a spec of this file. A queue of 48 rows is full after three steps of 16."""
    spec = text.format(length=length, steps=steps, accumulate=accumulate)
    return make_plan(check(Source("state.ssl", spec)).unwrap(), sizes={}, level=level)
