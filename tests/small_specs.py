"""Small specs, or their beginning: a classifier of digits or of pictures, and one that learns from rotations too."""


def of_pictures(source: str) -> str:
    """A spec that learns to classify the few pictures of a data source: `image_folder("D")`."""
    return f"""\
ssl 1
data images = {source}
stream labeled = images.train >> resize(8)
net encoder = convnet(width=4)
head classes = linear(encoder.dim, images.classes)
loss = ce(labeled)
batch = 4
run = 4it
evaluate = 2it
eval top1(images.test >> resize(8))
"""


def classifier(network: str = "width=4", samples: int = 100) -> str:
    """The first lines of a spec that learns to classify a few digits. `network`: its settings."""
    return f"""\
ssl 1
data   images  = digits()
stream labeled = images.train.subset({samples}, seed=0)
net    encoder = convnet({network})
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
"""


TWO_STREAMS = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, images.classes)
"""


SEMI_SUPERVISED = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
stream all     = unlabel(images.train)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled) + 0.3*rotation(all)
batch = {labeled: 10, all: 10}
run   = 2it
clock = all
eval top1(images.test)
"""


WITH_OPS = """\
ssl 1
use "{ops}"
data   images  = digits()
stream labeled = images.train
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
{more}
batch = 20
run   = 3it
"""
"""A classifier of digits, and `more` that is made of ops in the file `ops`."""
