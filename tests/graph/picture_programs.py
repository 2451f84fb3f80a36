"""Programs built by hand, as the checker would: the quickstart, and an experiment in three stages after S4L's MOAM."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Interner, Node, Scalar
from ssldsl.ir.program import Configured, Evaluation, InitFrom, Module, Program, Stage, Stream, Term
from ssldsl.ops.signature import Edge, Output, Role, SettingSpec, Signature
from ssldsl.source import Source, Span
from ssldsl.types import DataType, Dim, DimLike, NetType, SplitsType, TensorType, TupleType, Type

QUICKSTART = Path(__file__).parents[2] / "specs" / "quickstart.ssl"


def op(name: str, role: Role, edges: str, outputs: str, **defaults: Any) -> Signature:
    """A signature: `edges` as `name:Kind name:Kind`, likewise `outputs`; the defaults are the settings."""
    dims = {"Features": ("batch", "dim")}
    pairs = [part.split(":") for part in edges.split()]
    return Signature(
        name=name,
        role=role,
        edges=tuple(Edge(n, k, dims.get(k, ())) for n, k in pairs),
        settings=tuple(SettingSpec(n, "float", d) for n, d in defaults.items()),
        outputs=tuple(Output(*part.split(":")) for part in outputs.split()),
    )


SIGNATURES = {
    s.name: s
    for s in (
        op("digits", "data", "", ":Data"),
        op("imagenet", "data", "", ":Data", root=""),
        op("subset", "data", "data:Data", ":Data", count=0, seed=0),
        op("unlabel", "data", "data:Data", ":Data"),
        op("relabel", "data", "data:Data", ":Data", by=""),
        op("shift", "views", "images:Images", ":Images", pixels=1),
        op("flip", "views", "images:Images", ":Images", p=0.5),
        op("inception_crop", "views", "images:Images", ":Images", size=224),
        op("rotate4", "views", "images:Images", "images:Images angles:Labels"),
        op("convnet", "nets", "images:Images", ":Features", width=32, norm="group"),
        op("resnet50", "nets", "images:Images", ":Features", widen=1),
        op("linear", "heads", "features:Features", ":Logits"),
        op("softmax", "targets", "logits:Logits", ":Probs"),
        op("cross_entropy", "losses", "logits:Logits labels:Labels", ":Scalar", smoothing=0.0),
        op("entropy", "losses", "logits:Logits", ":Scalar"),
        op("mse", "losses", "probs:Probs target:Probs", ":Scalar"),
        op(
            "virtual_adversarial", "losses", "net:Net images:Images logits:Logits", ":Scalar", epsilon=1.0, iterations=1
        ),
        op("cosine", "schedules", "step:Time steps:Time", "", to=0.0),
        op("drops", "schedules", "step:Time steps:Time", "", at=(), by=0.1),
        op("warmup", "schedules", "step:Time steps:Time", "", length=None),
        op("sigmoid_ramp", "schedules", "step:Time steps:Time", "", length=None),
        op("sgd", "optimizers", "parameters:Parameters", "", lr=0.1, momentum=0.0, weight_decay=0.0),
        op("accuracy", "metrics", "logits:Logits labels:Labels", ":Scalar", k=1),
    )
}


@define
class Builder:
    """Makes the nodes of one program; spans are found by their text in the source."""

    source: Source
    pixels: tuple[DimLike, ...] = (1, 8, 8)
    classes: int = 10
    width: int = 128
    net: str = "encoder"
    interner: Interner = field(factory=Interner)

    def span(self, text: str, after: str = "") -> Span:
        start = self.source.text.index(text, self.source.text.index(after) if after else 0)
        return Span(self.source, start, start + len(text))

    def data(self, op: str, inputs: Sequence[Node], size: DimLike, settings: dict[str, Any], **more: Any) -> Node:
        fields = (
            ("image", TensorType("Images", self.pixels)),
            ("label", TensorType("Labels", (), Dim.of(self.classes))),
        )
        type_ = DataType(fields, Dim.of(size), **more)
        return self.interner.node(
            op, tuple(inputs), type=type_, params=("data",) * len(inputs), settings=pairs(settings)
        )

    def split(self, source: str, name: str, size: DimLike, role: str = "train") -> Node:
        root = self.interner.node("source", type=SplitsType(()), settings=(("op", source),))
        return self.data("split", [root], size, {"name": name}, role=role)

    def draw(self, data: Node, stream: str, name: str = "image") -> Node:
        type_ = TensorType("Images", (f"B_{stream}", *self.pixels)) if name == "image" else labels(f"B_{stream}")
        return self.interner.node(
            "draw", (data,), type=type_, params=("data",), settings=pairs({"stream": stream, "field": name})
        )

    def rows(self, data: Node, stream: str) -> Node:
        type_ = TensorType("Rows", (f"B_{stream}",))
        return self.interner.node("rows", (data,), type=type_, params=("data",), settings=pairs({"stream": stream}))

    def whole(self, data: Node, name: str) -> Node:
        size = data.type.size if isinstance(data.type, DataType) else Dim.of("n")
        type_ = TensorType("Images", (size, *self.pixels)) if name == "image" else labels(size)
        return self.interner.node("whole", (data,), type=type_, params=("data",), settings=pairs({"field": name}))

    def view(
        self, op: str, images: Node, rows: Node, draw: str, *spans: Span, within: str = "", **settings: Any
    ) -> Node:
        return self.interner.node(
            op,
            (images,),
            type=images.type,
            params=("images",),
            settings=pairs(settings),
            draw=draw,
            rows=rows,
            spans=spans,
            within=within,
        )

    def rotated(self, images: Node, *spans: Span) -> tuple[Node, Node]:
        """The images in four rotations, and the angles."""
        assert isinstance(images.type, TensorType)
        rows = Dim.of(4) * images.type.dims[0]
        turned, angles = TensorType("Images", (rows, *images.type.dims[1:])), labels(rows, 4)
        both = TupleType((("images", turned), ("angles", angles)))
        node = self.interner.node("rotate4", (images,), type=both, params=("images",), spans=spans)
        first, second = (self.call("field", [node], t, {"name": n}) for n, t in both.fields)
        return first, second

    def apply(self, path: str, value: Node, *spans: Span) -> Node:
        """`path`: modules joined by `>>`."""
        assert isinstance(value.type, TensorType)
        rows = value.type.dims[0]
        last = path.split(">>")[-1].strip()
        out = {"classes": self.classes, "angles": 4}.get(last.split(".")[-1])
        type_ = TensorType("Logits", (rows, out)) if out else TensorType("Features", (rows, self.width))
        live = value.live | frozenset(p.strip() for p in path.split(">>") if not p.strip().startswith("teacher"))
        net = self.network(path)
        return self.interner.node("apply", (net, value), type=type_, params=("net", "inputs"), live=live, spans=spans)

    def network(self, path: str) -> Node:
        parts = [self._module(p.strip()) for p in path.split(">>")]
        return parts[0] if len(parts) == 1 else self.interner.node("compose", tuple(parts), type=parts[-1].type)

    def _module(self, path: str) -> Node:
        out = {"classes": self.classes, "angles": 4}.get(path.split(".")[-1])
        target = TensorType("Logits", ("batch", out)) if out else TensorType("Features", ("batch", self.width))
        return self.interner.node("net", type=NetType(None, target), settings=(("name", path),))

    def call(
        self, op: str, inputs: Sequence[Node], type: Type, settings: dict[str, Any] | None = None, **more: Any
    ) -> Node:
        known = SIGNATURES.get(op)
        params = tuple(e.name for e in known.edges) if known else ("value",) * len(inputs)
        live = frozenset().union(*(i.live for i in inputs)) if op != "stop" else frozenset()
        return self.interner.node(
            op, tuple(inputs), type=type, params=params, live=live, settings=pairs(settings or {}), **more
        )

    def loss(self, op: str, inputs: Sequence[Node], *spans: Span, **settings: Any) -> Node:
        return self.call(op, inputs, TensorType("Scalar"), settings, spans=spans)

    def mean(self, values: Sequence[Node]) -> Node:
        return values[0] if len(values) == 1 else self.call("mean", values, TensorType("Scalar"))

    def accuracy(self, name: str, test: Node, net: str, span: Span) -> Evaluation:
        logits = self.apply(net, self.whole(test, "image"))
        return Evaluation(
            name, self.call("accuracy", [logits, self.whole(test, "label")], TensorType("Scalar"), {"k": 1}), span
        )


def pairs(settings: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(settings.items())


def labels(rows: DimLike, classes: int = 10) -> TensorType:
    return TensorType("Labels", (rows,), Dim.of(classes))


def times(left: float, right: Scalar) -> Scalar:
    return Combined("*", Constant(left), right)


def quickstart(
    text: str | None = None,
    net: str = "encoder",
    epsilon: float = 1.0,
    weights: tuple[float, float, float] = (1.0, 0.7, 0.3),
    reverse: bool = False,
    **stage: Any,
) -> Program:
    """The checked quickstart, with what the tests change as arguments."""
    b = Builder(Source("specs/quickstart.ssl", text or QUICKSTART.read_text(encoding="utf-8")), net=net)
    train, test = b.split("digits", "train", 1437), b.split("digits", "test", 360, "test")
    lab = b.data("subset", [train], 100, {"count": 100, "seed": 0})
    unl = b.data("unlabel", [train], 1437, {}, provenance="")
    lab_span = b.span("labeled   = images.train.subset(100, seed=0) >> shift(1)")
    unl_span = b.span("unlabeled = unlabel(images.train) >> shift(1)")
    first = _shifted(b, lab, "labeled", b.span("shift(1)"))
    second = _shifted(b, unl, "unlabeled", b.span("shift(1)", "stream unlabeled"))
    classify = f"{net} >> classes"
    ce, rotation, vat = b.span("ce(labeled)"), b.span("rotation(all)"), b.span("vat(unlabeled)")
    supervised = b.loss(
        "cross_entropy", [b.apply(classify, first, ce), b.draw(lab, "labeled", "label")], ce, smoothing=0.0
    )
    turned = [b.rotated(x, rotation) for x in (first, second)]
    pretext = [
        b.loss(
            "cross_entropy",
            [b.apply("rotation.angles", b.apply(net, x, rotation), rotation), a],
            rotation,
            smoothing=0.0,
        )
        for x, a in turned
    ]
    clean = b.apply(classify, second, vat)
    adversarial = b.loss(
        "virtual_adversarial", [b.network(classify), second, clean], vat, epsilon=epsilon, iterations=1
    )
    terms = (
        Term("ce", Constant(weights[0]), supervised, ce),
        Term("rotation", Constant(weights[1]), b.mean(pretext), rotation),
        Term("vat", Constant(weights[2]), adversarial, vat),
    )
    main = Stage(
        name="main",
        after=(),
        train=(net, "classes", "rotation.angles"),
        init=(),
        terms=terms[::-1] if reverse else terms,
        optimizer=Configured(
            "sgd", pairs({"lr": times(0.1, Curve("cosine", (("to", 0.0),))), "momentum": 0.9, "weight_decay": 0.0})
        ),
        groups=(),
        batch=(("labeled", 50), ("unlabeled", 100)),
        clock="unlabeled",
        run=Duration(30, "ep"),
        forward="concat",
        average=None,
        evaluations=(b.accuracy("top1", test, classify, b.span("top1(images.test)")),),
        span=None,
    )
    return Program(
        name="quickstart",
        seed=0,
        streams=(
            Stream("labeled", lab, Dim.of(100), span=lab_span),
            Stream("unlabeled", unl, Dim.of(1437), span=unl_span),
            Stream(
                "all",
                None,
                Dim.of(1537),
                parts=("labeled", "unlabeled"),
                span=b.span("all       = labeled | unlabeled"),
            ),
        ),
        modules=(
            Module(
                net,
                "convnet",
                "net",
                (("channels", Dim.of(1)),),
                pairs({"width": 32, "norm": "group"}),
                span=b.span("convnet(width=32)"),
            ),
            Module(
                "classes",
                "linear",
                "head",
                (("dim", Dim.of(128)), ("classes", Dim.of(10))),
                span=b.span("classes   = linear"),
            ),
            Module("rotation.angles", "linear", "head", (("dim", Dim.of(128)), ("classes", Dim.of(4))), span=rotation),
        ),
        stages=(evolve(main, **stage),),
        signatures=SIGNATURES,
    )


def _shifted(b: Builder, data: Node, stream: str, span: Span) -> Node:
    """A draw with the view that is part of its stream."""
    drawn, rows = b.draw(data, stream), b.rows(data, stream)
    return b.view("shift", drawn, rows, f"{stream}.shift", span, within=stream, pixels=1)


MOAM = """\
ssl 1
data   images    = imagenet()
stream labeled   = images.train.subset(10%, seed=0)
stream unlabeled = unlabel(images.train)
view   weak      = inception_crop(224) >> flip()
net    encoder   = resnet50(widen=4)
head   classes   = linear(encoder.dim, images.classes)

stage joint {
  let xl = labeled >> weak >> rotate4()
  let xu = unlabeled >> weak >> rotate4()
  loss = 0.3*ce(xl) as sup + 0.7*rotation([xl, xu]) + 0.3*vat(xu, epsilon=32) + 0.3*entmin(xu)
  forward = concat
  clock = labeled  run = 200ep  batch = {labeled: 128, unlabeled: 128}
  optimizer = sgd(lr=0.1 * warmup(10ep) * drops(at=[100ep, 150ep, 190ep], by=0.1), momentum=0.9, weight_decay=2e-4)
  average = polyak(half_life=1ep)
  eval top5(images.test)
}
stage retrain after joint {
  stream pseudo = relabel(images.train, by=joint)
  init encoder, classes, rotation.angles from joint.average
  let x = pseudo >> weak >> rotate4()
  loss = 0.3*ce(x) as sup + 0.7*rotation(x) + 0.3*vat(x, epsilon=32) + 0.3*entmin(x)
  clock = pseudo  run = 18ep  batch = {pseudo: 256}
  optimizer = sgd(lr=0.1 * drops(at=[6ep, 12ep], by=0.1), momentum=0.9, weight_decay=2e-4)
  eval top5(images.test)
}
stage finetune after retrain {
  init encoder, classes from retrain
  loss = ce(labeled >> weak) as sup
  clock = labeled  run = 20ep  batch = {labeled: 128}
  optimizer = sgd(lr=5e-4, momentum=0.9, weight_decay=3e-3)
  eval top5(images.test) as final
}
"""


def moam() -> Program:
    """Three stages: joint, retrained on its own labels, fine-tuned."""
    b = Builder(Source("specs/moam.ssl", MOAM), (3, 224, 224), 1000, 8192)
    full, test = b.split("imagenet", "train", 1_281_167), b.split("imagenet", "test", 50_000, "test")
    data = {
        "labeled": b.data("subset", [full], 128_117, {"count": Duration(10, "%"), "seed": 0}),
        "unlabeled": b.data("unlabel", [full], 1_281_167, {}, provenance=""),
        "pseudo": b.data("relabel", [full], 1_281_167, {"by": "joint"}, provenance="pseudo(joint)"),
    }
    spans = {name: b.span(name, "stream " + name) for name in data}
    sgd = pairs({"momentum": 0.9, "weight_decay": 2e-4})
    drops = Curve("drops", pairs({"at": (Duration(100, "ep"), Duration(150, "ep"), Duration(190, "ep")), "by": 0.1}))
    lr = times(0.1, Combined("*", Curve("warmup", pairs({"length": Duration(10, "ep")})), drops))
    late = times(0.1, Curve("drops", pairs({"at": (Duration(6, "ep"), Duration(12, "ep")), "by": 0.1})))
    heads = ("encoder", "classes", "rotation.angles")
    test5 = b.accuracy("top5", test, "encoder >> classes", b.span("top5(images.test)"))
    shared = Stage(
        name="joint", after=(), train=heads, init=(), terms=_moam_terms(b, data, ("labeled", "unlabeled"), "joint"),
        optimizer=Configured("sgd", (("lr", lr), *sgd)), groups=(), batch=(("labeled", 128), ("unlabeled", 128)),
        clock="labeled", run=Duration(200, "ep"), forward="concat",
        average=Configured("polyak", pairs({"half_life": Duration(1, "ep")})), evaluations=(test5,),
    )  # fmt: skip
    retrain = evolve(
        shared, name="retrain", after=("joint",), init=(InitFrom(heads, "joint", True),), average=None,
        terms=_moam_terms(b, data, ("pseudo", "pseudo"), "retrain"), batch=(("pseudo", 256),), clock="pseudo",
        run=Duration(18, "ep"), optimizer=Configured("sgd", (("lr", late), *sgd)),
    )  # fmt: skip
    x = _weak(b, data["labeled"], "labeled", "finetune")
    span = b.span("ce(labeled >> weak)")
    last = b.loss(
        "cross_entropy", [b.apply("encoder >> classes", x, span), b.draw(data["labeled"], "labeled", "label")], span
    )
    finetune = evolve(
        retrain, name="finetune", after=("retrain",), init=(InitFrom(("encoder", "classes"), "retrain"),),
        train=("encoder", "classes"), terms=(Term("sup", Constant(1), last, span),), batch=(("labeled", 128),),
        clock="labeled", run=Duration(20, "ep"), optimizer=Configured("sgd", (("lr", Constant(5e-4)), *sgd)),
        evaluations=(evolve(test5, name="final", span=b.span("top5(images.test) as final")),),
    )  # fmt: skip
    sizes = {"labeled": 128_117, "unlabeled": 1_281_167, "pseudo": 1_281_167}
    return Program(
        name="moam",
        seed=0,
        streams=tuple(Stream(n, d, Dim.of(sizes[n]), span=spans[n]) for n, d in data.items()),
        modules=(
            Module("encoder", "resnet50", "net", (), pairs({"widen": 4}), span=b.span("encoder   = resnet50(widen=4)")),
            Module(
                "classes",
                "linear",
                "head",
                (("dim", Dim.of(8192)), ("classes", Dim.of(1000))),
                span=b.span("classes   = linear"),
            ),
            Module("rotation.angles", "linear", "head", (("dim", Dim.of(8192)), ("classes", Dim.of(4)))),
        ),
        stages=(shared, retrain, finetune),
        signatures=SIGNATURES,
    )


def _weak(b: Builder, data: Node, stream: str, stage: str) -> Node:
    span = b.span("weak      = inception_crop(224) >> flip()")
    rows = b.rows(data, stream)
    cropped = b.view("inception_crop", b.draw(data, stream), rows, f"{stage}.{stream}.crop", span, size=224)
    return b.view("flip", cropped, rows, f"{stage}.{stream}.flip", span, p=0.5)


def _moam_terms(b: Builder, data: dict[str, Node], streams: tuple[str, str], stage: str) -> tuple[Term, ...]:
    where = "stage " + stage
    spans = [b.span(text, where) for text in ("ce(x", "rotation(", "vat(x", "entmin(x")]
    turned = [b.rotated(_weak(b, data[s], s, stage), b.span("rotate4()", where)) for s in dict.fromkeys(streams)]
    (xl, _), (xu, _) = turned[0], turned[-1]
    label = b.draw(data[streams[0]], streams[0], "label")
    repeated = b.call("repeat", [label], labels(Dim.of(4) * f"B_{streams[0]}", 1000), {"times": 4})
    clean = b.apply("encoder >> classes", xu, spans[2])
    angles = [b.loss("cross_entropy", [b.apply("encoder >> rotation.angles", x), a], spans[1]) for x, a in turned]
    vat = b.loss("virtual_adversarial", [b.network("encoder >> classes"), xu, clean], spans[2], epsilon=32.0)
    return (
        Term(
            "sup",
            Constant(0.3),
            b.loss("cross_entropy", [b.apply("encoder >> classes", xl, spans[0]), repeated]),
            spans[0],
        ),
        Term("rotation", Constant(0.7), b.mean(angles), spans[1]),
        Term("vat", Constant(0.3), vat, spans[2]),
        Term("entmin", Constant(0.3), b.loss("entropy", [clean], spans[3]), spans[3]),
    )
