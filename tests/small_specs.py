"""The beginning of small specs: a classifier of digits, and one that learns from rotations too."""


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
