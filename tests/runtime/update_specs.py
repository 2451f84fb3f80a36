"""Specs whose steps make several updates: one after another, and in turns."""

from pathlib import Path

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.source import Source

HEAD = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(40, seed=0)
stream unlabeled = unlabel(images.train)
net  encoder = convnet(width=4, norm="none")
head classes = linear(encoder.dim, images.classes)
net  source  = convnet(width=4, norm="none")
head labels  = linear(source.dim, images.classes)
net  student = encoder >> classes
net  teacher = source >> labels
let  fake    = hard_labels(stop(teacher(unlabeled)))
batch     = {labeled: 20, unlabeled: 32}
clock     = unlabeled
evaluate  = 100it
eval top1(images.test, net=student)
"""
META = f"""{HEAD}
update student {{
  let old = ce(labeled, net=student)
  loss = cross_entropy(student(unlabeled), fake) as pseudo
  optimizer = sgd(lr=0.5, momentum=0.9)
}}
update teacher {{
  let gain = stop(old - ce(labeled, net=student))
  loss = ce(labeled, net=teacher) as ce + gain*cross_entropy(teacher(unlabeled), fake) as feedback
  optimizer = sgd(lr=0.2, momentum=0.9)
  clip = 0.5
  watch gain
}}
precision = fp64
run = 12it
"""
TURNS = f"""{HEAD}
head groups = linear(encoder.dim, 3)
let  moved = random_shift(unlabeled, 2)
update classes {{
  loss = ce(labeled, net=student)
  optimizer = sgd(lr=0.1, momentum=0.9)
}}
update groups {{
  loss = kl(groups(encoder(moved)), probabilities(stop(groups(encoder(unlabeled))))) as agree
  optimizer = adam(lr=0.01)
}}
turns = 2it
precision = fp64
run = 12it
"""


def plan_of(text: str) -> Plan:
    """The plan of a spec on digits."""
    library = Library.shipped(installed=False)
    program = check(Source("updates.ssl", text), library=library).unwrap()
    return make_plan(program, sizes={})


def written(text: str, folder: Path) -> Path:
    """The spec as a file."""
    path = folder / "updates.ssl"
    path.write_text(text)
    return path
