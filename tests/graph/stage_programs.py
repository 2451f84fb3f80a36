"""Small programs built by hand, node by node, as the checker would build them."""

from collections.abc import Mapping
from typing import Any

from attrs import define, evolve, field

from ssldsl.ir.nodes import Constant, Curve, Duration, Interner, Node, Scalar
from ssldsl.ir.program import Configured, Evaluation, Module, Program, Stage, Stream, Term
from ssldsl.ops.decorator import Facts
from ssldsl.ops.signature import Edge, Role, SettingSpec, Signature
from ssldsl.source import Source, Span
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType

TEXT = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> shift(1)
stream unlabeled = unlabel(images.train) >> shift(1)
loss = ce(labeled) + 0.7*rotation(labeled | unlabeled) + 0.3*vat(unlabeled) + 0.1*entmin(unlabeled)
eval top1(images.test)
"""
SOURCE = Source("hand.ssl", TEXT)
ROWS = {"labeled": 50, "unlabeled": 100}
COSINE = Curve("cosine", (("to", 0.0),))


def span(text: str) -> Span:
    start = TEXT.index(text)
    return Span(SOURCE, start, start + len(text))


def signature(name: str, role: Role, edges: str = "", settings: str = "", rng: bool = False, **facts: Any) -> Signature:
    """A signature; `edges` as `name:Kind`, a setting is just a name."""
    pairs = [part.split(":") for part in edges.split()]
    return Signature(
        name,
        role,
        tuple(Edge(n, k) for n, k in pairs),
        tuple(SettingSpec(s, "float", 1) for s in settings.split()),
        (),
        uses_rng=rng,
        facts=Facts(**facts),
        digest=f"digest of {name}",
    )


SIGNATURES: Mapping[str, Signature] = {
    s.name: s
    for s in (
        signature("subset", "data", "data:Data", "count seed"),
        signature("unlabel", "data", "data:Data"),
        signature("shift", "views", "images:Images", "pixels", rng=True),
        signature("random_crop", "views", "images:Images", "size", rng=True),
        signature("rotate4", "views", "images:Images", first_copy_is_input=True),
        signature("convnet", "nets", "images:Images", "width norm"),
        signature("linear", "heads", "features:Features"),
        signature("cross_entropy", "losses", "logits:Logits labels:Labels", "smoothing"),
        signature("entropy", "losses", "logits:Logits", "temperature"),
        signature("spread", "losses", "logits:Logits", across="gather"),
        signature("codes", "targets", "logits:Logits", across="gather"),
        signature(
            "virtual_adversarial", "losses", "net:Net images:Images logits:Logits", "epsilon iterations",
            rng=True, forwards="1+iterations",
        ),
        signature("accuracy", "metrics", "logits:Logits labels:Labels"),
        signature("cosine", "schedules", "step:Time steps:Time", "to"),
        signature("sgd", "optimizers", "parameters:Parameters", "lr momentum"),
    )
}  # fmt: skip

IMAGES = ("image", TensorType("Images", (1, 8, 8)))
LABELS = ("label", TensorType("Labels", (), Dim.of(10)))


@define
class Draft:
    """Makes nodes. `coupled`: the encoder is batch-normalised. `open_sizes`: images come in any size."""

    coupled: bool = False
    open_sizes: bool = False
    interner: Interner = field(factory=Interner)
    draws: int = 0

    def data(self) -> Node:
        image = ("image", TensorType("Images", (3, "height", "width"))) if self.open_sizes else IMAGES
        train, test = (DataType((image, LABELS), Dim.of(n), r) for n, r in ((1437, "train"), (360, "test")))
        splits = SplitsType((("train", train), ("test", test)))
        name = "folder" if self.open_sizes else "digits"
        source = self.interner.node("source", type=splits, settings=(("op", name),), spans=(span("digits()"),))
        return self.interner.node("split", (source,), type=train, params=("data",), settings=(("name", "train"),))

    def stream_data(self, stream: str) -> Node:
        train = self.data()
        assert isinstance(train.type, DataType)
        if stream == "unlabeled":
            fields = train.type.fields[:1]
            return self.interner.node("unlabel", (train,), type=evolve(train.type, fields=fields), params=("data",))
        small = evolve(train.type, size=Dim.of(100))
        settings = (("count", 100), ("seed", 0))
        return self.interner.node("subset", (train,), type=small, params=("data",), settings=settings)

    def rows(self, stream: str) -> Node:
        type_ = TensorType("Rows", (f"B_{stream}",))
        settings = (("stream", stream),)
        return self.interner.node("rows", (self.stream_data(stream),), type=type_, params=("data",), settings=settings)

    def draw(self, stream: str, name: str = "image") -> Node:
        data = self.stream_data(stream)
        assert isinstance(data.type, DataType)
        kind = dict(data.type.fields)[name]
        type_ = TensorType(kind.kind, (f"B_{stream}", *kind.dims), kind.classes)
        settings = (("stream", stream), ("field", name))
        return self.interner.node(
            "draw", (data,), type=type_, params=("data",), settings=settings, rows=self.rows(stream),
            alias=f"{stream}.{name}", spans=(span(f"stream {stream}"),),
        )  # fmt: skip

    def shifted(self, stream: str) -> Node:
        image = self.draw(stream)
        return self.interner.node(
            "shift", (image,), type=image.type, params=("images",), settings=(("pixels", 1),), draw=f"{stream}/shift",
            rows=self.rows(stream), spans=(span("shift(1)"),),
        )  # fmt: skip

    def rotated(self, images: Node) -> tuple[Node, Node]:
        assert isinstance(images.type, TensorType)
        turned = TensorType("Images", (images.type.dims[0] * 4, *images.type.dims[1:]))
        angles = TensorType("Labels", (images.type.dims[0] * 4,), Dim.of(4))
        type_ = TupleType((("images", turned), ("angles", angles)))
        both = self.interner.node("rotate4", (images,), type=type_, params=("images",), spans=(span("rotation"),))
        fields = [
            self.interner.node("field", (both,), type=t, params=("value",), settings=(("name", n),))
            for n, t in type_.fields
        ]
        return fields[0], fields[1]

    def net(self, path: str) -> Node:
        width = {"encoder": 128, "classes": 10, "rotation.angles": 4}.get(path, 10)
        kind = "Features" if path == "encoder" else "Logits"
        type_ = NetType(None, TensorType(kind, ("batch", width)), self.coupled and path == "encoder")
        return self.interner.node("net", type=type_, settings=(("name", path),), live=frozenset({path}), alias=path)

    def compose(self, *paths: str) -> Node:
        nets = tuple(self.net(path) for path in paths)
        last = nets[-1].type
        assert isinstance(last, NetType)
        type_ = NetType(None, last.target, any(n.type.couples_batch for n in nets))  # type: ignore[union-attr]  # nets
        live = frozenset[str]().union(*(n.live for n in nets))
        return self.interner.node("compose", nets, type=type_, params=("nets",) * len(nets), live=live)

    def apply(self, path: str, value: Node) -> Node:
        net = self.net(path)
        assert isinstance(net.type, NetType) and isinstance(value.type, TensorType)
        type_ = TensorType(net.type.target.kind, (value.type.dims[0], *net.type.target.dims[1:]))
        live = value.live | {path}
        return self.interner.node("apply", (net, value), type=type_, params=("net", "inputs"), live=live)

    def logits(self, images: Node, head: str = "classes") -> Node:
        return self.apply(head, self.apply("encoder", images))

    def stop(self, value: Node) -> Node:
        return self.interner.node("stop", (value,), type=value.type, params=("value",))

    def loss(self, op: str, where: str = "ce(labeled)", **edges: Node) -> Node:
        live = frozenset[str]().union(*(n.live for n in edges.values()))
        return self.interner.node(
            op, tuple(edges.values()), type=TensorType("Scalar"), params=tuple(edges), live=live, spans=(span(where),)
        )

    def mean(self, *values: Node, op: str = "mean") -> Node:
        live = frozenset[str]().union(*(n.live for n in values))
        return self.interner.node(op, values, type=TensorType("Scalar"), params=("values",) * len(values), live=live)

    def ce(self, stream: str = "labeled") -> Node:
        return self.mean(
            self.loss("cross_entropy", logits=self.logits(self.shifted(stream)), labels=self.draw(stream, "label"))
        )

    def rotation(self, *streams: str) -> Node:
        losses = []
        for stream in streams:
            turned, angles = self.rotated(self.shifted(stream))
            losses.append(
                self.loss("cross_entropy", "rotation", logits=self.logits(turned, "rotation.angles"), labels=angles)
            )
        return self.mean(*losses)

    def vat(self, stream: str = "unlabeled") -> Node:
        images, net = self.shifted(stream), self.compose("encoder", "classes")
        logits = self.logits(images)
        loss = self.interner.node(
            "virtual_adversarial", (net, images, logits), type=TensorType("Scalar"), params=("net", "images", "logits"),
            settings=(("epsilon", 1.0), ("iterations", 1)), draw="vat.1", rows=self.rows(stream),
            live=net.live | logits.live, spans=(span("vat(unlabeled)"),),
        )  # fmt: skip
        return self.mean(loss)

    def entmin(self, stream: str = "unlabeled") -> Node:
        return self.mean(self.loss("entropy", "entmin(unlabeled)", logits=self.logits(self.shifted(stream))))

    def top1(self) -> Node:
        data = self.interner.node(
            "split", (self.data().inputs[0],), type=DataType((IMAGES, LABELS), Dim.of(360), "test"), params=("data",),
            settings=(("name", "test"),),
        )  # fmt: skip
        image, label = (
            self.interner.node(
                "whole", (data,), type=TensorType(t.kind, (360, *t.dims), t.classes), params=("data",),
                settings=(("field", n),), alias=f"images.test.{n}",
            )
            for n, t in (IMAGES, LABELS)
        )  # fmt: skip
        return self.interner.node(
            "accuracy", (self.logits(image), label), type=TensorType("Scalar"), params=("logits", "labels")
        )


def stage(terms: Mapping[str, tuple[Scalar, Node]], top1: Node | None = None, **changed: Any) -> Stage:
    """A stage that trains all that its terms reach, for 30 passes over `unlabeled`."""
    live = frozenset[str]().union(*(node.live for _, node in terms.values()))
    found = Stage(
        name="main",
        after=(),
        train=tuple(sorted(live)),
        init=(),
        terms=tuple(Term(name, weight, node, span("loss =")) for name, (weight, node) in terms.items()),
        optimizer=Configured("sgd", (("lr", COSINE), ("momentum", 0.9))),
        groups=(),
        batch=tuple(ROWS.items()),
        clock="unlabeled",
        run=Duration(30, "ep"),
        forward="concat",
        average=None,
        evaluations=() if top1 is None else (Evaluation("top1", top1, span("eval top1(images.test)")),),
    )
    return evolve(found, **changed)


def program(draft: Draft, *stages: Stage) -> Program:
    """The program of these stages."""
    streams = (
        Stream("labeled", draft.stream_data("labeled"), Dim.of(100)),
        Stream("unlabeled", draft.stream_data("unlabeled"), Dim.of(1437)),
        Stream("all", None, Dim.of(0), ("labeled", "unlabeled")),
    )
    modules = (
        Module("encoder", "convnet", "net", (("channels", Dim.of(1)),), (("width", 32),), span=span("digits()")),
        Module("classes", "linear", "head", (("dim", Dim.of(128)), ("classes", Dim.of(10)))),
        Module("rotation.angles", "linear", "head", (("dim", Dim.of(128)), ("classes", Dim.of(4)))),
    )
    return Program("hand", 0, streams, modules, stages, dict(SIGNATURES))


def s4l(coupled: bool = False, forward: str = "concat") -> Program:
    """`ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled) + 0.1*entmin(unlabeled)`."""
    draft = Draft(coupled)
    terms: dict[str, tuple[Scalar, Node]] = {
        "ce": (Constant(1.0), draft.ce()),
        "rotation": (Constant(0.7), draft.rotation("labeled", "unlabeled")),
        "vat": (Constant(0.3), draft.vat()),
        "entmin": (Constant(0.1), draft.entmin()),
    }
    return program(draft, stage(terms, draft.top1(), forward=forward))
