"""The small flagship specs, shortened, in double precision, for every process of a run that several share."""

from collections.abc import Sequence
from pathlib import Path

from memory_specs import SAMPLES
from update_specs import META, TURNS

from ssldsl import pipeline
from ssldsl.check.edits.edits import Edit
from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.run import Options, overridden, run
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

HERE = Path(__file__).parent
LIBRARY = Library.shipped(installed=False).with_file(HERE / "rows_compared.py")
SPECS = Path(__file__).parents[2] / "specs"
WIDE = ("batch={labeled: 48, unlabeled: 96}", "run=12it")
SHORT = ("u=32", "l=8", "pretrain.run=10it", "joint.run=10it", "pretrain.evaluate=10it", "joint.evaluate=10it")
QUEUES = ("pretrain.past.length=64", "joint.suave.queue_length=64")  # full after two steps
APART = ("drop joint", 'encoder.norm="group"', 'finer.norm="none"')  # no row reads another
S4L = ("joint.run=8it", "retrain.run=4it", "finetune.run=4it", "evaluate=8it")
TSUC = (
    *(f"{stage}.batch=32" for stage in ("embed", "discover", "cluster")),
    *(f"{stage}.run=4it" for stage in ("embed", "discover", "cluster")),
)
FLAGSHIPS: dict[str, tuple[str, Sequence[str]]] = {
    "quickstart": ("quickstart", WIDE),
    "quickstart with batch normalization": ("quickstart", (*WIDE, 'encoder.norm="batch"', "forward=concat")),
    "VAT as released": ("quickstart", (*WIDE, 'vat.radius="released"', 'vat.direction="adversarial_to_clean"')),
    "s4l_digits": ("s4l_digits", S4L),
    "suave_digits": ("suave_digits", (*SHORT, *QUEUES)),
    "daino_digits": ("daino_digits", SHORT),
    "supercm_digits": ("supercm_digits", ("run=12it", "evaluate=12it", "loss=ce(xl) + pull + pseudo")),
    "daino without batch normalization": ("daino_digits", (*SHORT[:1], *SHORT[2:5:2], *APART)),
    "tsuc_digits": ("tsuc_digits", TSUC),
    "mae_digits": ("mae_digits", ("batch.all=32", "run=8it", "evaluate=8it", "encoder.depth=1")),
    "ibot_digits": ("ibot_digits", ("batch.unlabeled=32", "run=8it", "evaluate=8it", "encoder.depth=1")),
    "fixmatch_digits": ("fixmatch_digits", ("batch.labeled=20", "run=12it", "evaluate=12it")),
}
HEAD = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(40, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
"""
MIXTURE = (
    HEAD
    + """\
net    encoder   = convnet(width=8, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
net    teacher   = ema(model, momentum=0.9)
let  both  = concat(labeled | unlabeled)
let  truth = one_hot(labeled.label, images.classes)
let  q     = concat([truth, probabilities(stop(model(unlabeled)))])
let  mixed = mixup(both, both)
loss      = mean(soft_cross_entropy(model(mixed), mixed_targets(q, q, mixed.lam))) as mixture
optimizer = sgd(lr=0.1, momentum=0.9)
batch     = {labeled: 20, unlabeled: 60}
forward   = concat
run       = 8it
average   = polyak(half_life=4it)
eval top1(images.test)
eval top1(images.test, net=teacher) as of_teacher
watch confidence(probabilities(stop(model(unlabeled)))) as sure
"""
)
RESTED = (
    HEAD
    + """\
net    encoder   = convnet(width=8, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
let    target    = probabilities(rest(model)(unlabeled))
loss      = ce(labeled) + kl(steady(model)(random_shift(unlabeled, 2)), target)
optimizer = sgd(lr=0.1, momentum=0.9)
batch     = {labeled: 20, unlabeled: 60}
run       = 8it
eval top1(images.test)
"""
)
LISTED = """
ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train) >> random_shift(1)
net    encoder   = convnet(width=8)
head   heads[3]  = linear(encoder.dim, images.classes)
let    v         = draw(2, random_shift(unlabeled, 2))
let    targets   = probabilities(stop(heads(encoder(last(v)))))
loss      = mean(kl(heads(encoder(first(v))), targets)) as assign
optimizer = sgd(lr=0.1, momentum=0.9)
batch     = {unlabeled: 60}
run       = 8it
average   = polyak(half_life=4it)
evaluate  = 2it
keep      = lowest(clusters)
eval clustering_accuracy(best(heads, by=assign)(encoder(images.test)), images.test.label) as clusters
eval clustering_accuracy(average.heads.0(average.encoder(images.test)), images.test.label) as averaged
"""
COMPARED = (
    HEAD
    + """\
stream even      = images.train.subset(90, seed=1).balanced()
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
head   projector = mlp_head(encoder.dim, hidden=[16], out=8)
head   predictor = mlp_head(8, hidden=[8], out=8)
net    teacher   = ema(encoder >> projector, momentum=0.9)
let    views     = draw(2, random_shift(unlabeled, 2))
loss = (
  simclr(views) + 0.1*dcl(views) + supcon(draw(2, random_shift(labeled, 2)))
  + moco(first(views), last(views), teacher, length=96) + ressl(first(views), last(views), teacher, length=96)
  + moco_v3(views, teacher) + nnclr(views, length=96)
  + 0.1*barlow_twins(views) + 0.1*vicreg(views) + w_mse(views, size=20) + tico(first(views), last(views), teacher)
  + remixmatch(labeled, unlabeled, views, images.classes)
  + 0.1*sequencematch(unlabeled, first(views), last(views), threshold=0.1)
  + 0.1*refixmatch(unlabeled, last(views), threshold=0.3) + 0.1*ce(even)
  + 0.1*jigsaw(unlabeled, 4, grid=2, orders=24)
  + 0.1*pirl(first(views), 4, grid=2, orders=24, dim=8, temperature=0.5)
)
batch     = {labeled: 20, unlabeled: 60, even: 20}
optimizer = sgd(lr=0.02, momentum=0.9)
run       = 6it
eval top1(images.test)
"""
)
JUDGED = (
    HEAD
    + """\
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
net    z         = encoder >> mlp_head(encoder.dim, hidden=[16], out=8) >> l2norm()
net    slow      = ema(z, momentum=0.9)
head   spread    = linear(8, 8)
let    views     = draw(2, random_shift(unlabeled, 2))
loss = adamatch(labeled, random_shift(labeled), unlabeled, first(views)) + dash(unlabeled, last(views), 2.0) + (
  comatch(labeled, unlabeled, first(views), last(views), images.classes, z=z, length=160, threshold=0.1)
  + simmatch(labeled, unlabeled, last(views), images.classes, z=z, threshold=0.1)
  + deepcluster_v2(views, unlabeled, 5, net=z, every=2it)
  + smog(maybe(first(views), solarize(p=1), p=0.3), last(views), slow, net=z, predictor=spread, groups=7)
)
batch     = {labeled: 20, unlabeled: 60}
optimizer = sgd(lr=0.02, momentum=0.9)
run       = 6it
eval top1(images.test)
"""
)
SWA = MIXTURE.replace("polyak(half_life=4it)", "swa(start=2it, every=2it, statistics=3it)")
TEXTS = {
    "statistics of SWA": SWA,
    "mixed batches with averages": MIXTURE,
    "networks at rest and steady": RESTED,
    "memories of samples": SAMPLES.format(steps=8, accumulate=1),
    "a list of heads": LISTED,
    "losses that compare rows": COMPARED,
    "labels from other rows": JUDGED,
    "two updates in a step": META,
    "updates in turn": TURNS,
}


def _edit(text: str) -> Edit:
    return parse_edit(text[5:], "drop") if text.startswith("drop ") else parse_edit(text, "set")


def plan_of(name: str, *edits: str) -> Plan:
    """The plan of a flagship, or of one of the texts here, with more edits."""
    spec, own = FLAGSHIPS.get(name, ("", ()))
    source = pipeline.read(str(SPECS / f"{spec}.ssl")) if spec else _written(name)
    checked = pipeline.compose(source, (), [_edit(edit) for edit in (*own, *edits)], None)
    return overridden(make_plan(checked.unwrap(), sizes={}), precision="fp64")


def _written(name: str) -> Source:
    return Source("text.ssl", TEXTS[name]) if name in TEXTS else pipeline.read(str(HERE / "rows_compared.ssl"))


NAMES = (*FLAGSHIPS, *TEXTS, "ops of one's own that compare rows")


def run_all(folder: Path) -> None:
    """Each of them in a folder below."""
    for name in NAMES:
        run(plan_of(name), folder / name, LIBRARY, Options(is_progress_shown=False, keeps_state=True))
