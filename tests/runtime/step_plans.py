"""Small plans written out by hand, as the passes would make them of short specs."""

from typing import Any

import torch
from torch import Tensor, nn

from ssldsl.graph.plan import (
    ConstantPlan,
    CurvePlan,
    ModulePlan,
    NodePlan,
    OpPlan,
    Place,
    Plan,
    StagePlan,
    StreamPlan,
    TermPlan,
)
from ssldsl.graph.plan_types import NetPlan, Product, SplitsPlan, TensorPlan, TuplePlan, TypePlan
from ssldsl.ops.library import Library
from ssldsl.runtime.nets.modules import build_modules, set_trained
from ssldsl.runtime.step.module import StageStep, make_step

FIELDS = {"labeled.image": (1, 8, 8), "unlabeled.image": (1, 8, 8)}

SPEC = {
    5: "stream labeled   = images.train.subset(100, seed=0) >> shift(1)",
    6: "stream unlabeled = unlabel(images.train) >> shift(1)",
    11: "loss = ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled)",
}


def tensor(kind: str, *dims: int | str, classes: int | None = None) -> TensorPlan:
    """A type of the plan; a name among the dims is a size that is not known."""
    sizes = tuple(dim if isinstance(dim, int) else (Product(factor=1, symbols=(dim,)),) for dim in dims)
    return TensorPlan(kind=kind, dims=sizes, classes=classes)


SCALAR, SOME = tensor("Scalar"), tensor("Values")
NET = NetPlan(target=tensor("Features", "batch", "dim"))


def place(line: int) -> Place:
    text = SPEC[line]
    return Place(file="quickstart.ssl", line=line, column=1, end=len(text) + 1, text=text)


class Nodes:
    """Collects nodes; each call adds one and gives its id."""

    def __init__(self) -> None:
        self.all: list[NodePlan] = []

    def __call__(self, op: str, *inputs: str, line: int = 11, **fields: Any) -> str:
        id_ = f"n{len(self.all)}"
        self.all.append(NodePlan(**{"type": SOME, **fields}, id=id_, op=op, inputs=inputs, places=(place(line),)))
        return id_


def stream(nodes: Nodes, name: str, data: str, rows: int, line: int) -> dict[str, str]:
    """A shifted stream: its rows, image and label."""
    kwargs: dict[str, Any] = {"params": ("data",), "line": line, "grad": False}
    images = tensor("Images", rows, 1, 8, 8)
    rows_ = nodes("rows", data, settings={"stream": name}, type=tensor("Rows", rows), alias=f"{name}.rows", **kwargs)
    image = nodes("draw", data, settings={"stream": name, "field": "image"}, type=images, rows=rows_, **kwargs)
    labels = tensor("Labels", rows, classes=10)
    label = nodes("draw", data, settings={"stream": name, "field": "label"}, type=labels, **kwargs)
    kwargs["params"] = ("images",)
    draw = f"{name}/shift"
    shifted = nodes("shift", image, settings={"pixels": 1}, type=images, rows=rows_, draw=draw, **kwargs)
    return {"rows": rows_, "image": shifted, "label": label}


def quickstart(
    *, labeled: int = 8, unlabeled: int = 8, norm: str = "group", seed: int = 0, separate: bool = True, **stage: Any
) -> Plan:
    """Cross-entropy, rotation and virtual adversarial training on the digits.

    separate: one forward for each term, as without optimisation; else one for all images.
    """
    nodes = Nodes()
    source = nodes("source", settings={"op": "digits"}, type=SplitsPlan(splits={}), placement="data", line=5)
    train = nodes("split", source, params=("data",), settings={"name": "train"}, placement="data", line=5)
    first = stream(nodes, "labeled", train, labeled, 5)
    second = stream(nodes, "unlabeled", train, unlabeled, 6)
    turns = [_turned(nodes, first["image"], labeled), _turned(nodes, second["image"], unlabeled)]
    nets = {path: nodes("net", settings={"name": path}, type=NET) for path in ("encoder", "classes", "rotation.angles")}
    parts = Terms(nodes, nets, labeled, unlabeled)
    terms = parts.separate(first, second, turns) if separate else parts.merged(first, second, turns)
    modules = (
        ModulePlan(
            path="encoder", op="convnet", kind="net", sizes={"channels": 1}, settings={"width": 8, "norm": norm}
        ),
        ModulePlan(path="classes", op="linear", kind="head", sizes={"dim": 32, "classes": 10}),
        ModulePlan(path="rotation.angles", op="linear", kind="head", sizes={"classes": 4}),
    )
    fields: dict[str, Any] = {
        "name": "main",
        "nodes": tuple(nodes.all),
        "schedules": (CurvePlan(op="cosine"),),
        "streams": (
            StreamPlan(name="labeled", data=train, rows=labeled, size=1437),
            StreamPlan(name="unlabeled", data=train, rows=unlabeled, size=1437),
        ),
        "terms": terms,
        "train": ("encoder", "classes", "rotation.angles"),
        "optimizer": OpPlan(op="sgd", settings={"lr": {"schedule": 0}}),
        "clock": "unlabeled",
        "steps": 100,
        "steps_per_epoch": 10,
        "forward": "separate",
        "evaluate_every": 10,
        **stage,
    }
    return Plan(name="quickstart", seed=seed, modules=modules, stages=(StagePlan(**fields),))


def _turned(nodes: Nodes, image: str, rows: int) -> tuple[str, str]:
    fields = {"images": tensor("Images", 4 * rows, 1, 8, 8), "angles": tensor("Labels", 4 * rows, classes=4)}
    turned = nodes("rotate4", image, params=("images",), type=TuplePlan(fields=fields), grad=False)
    images = nodes("field", turned, settings={"name": "images"}, type=fields["images"], grad=False)
    angles = nodes("field", turned, settings={"name": "angles"}, type=fields["angles"], grad=False)
    return images, angles


class Terms:
    """The three terms, with forwards apart or together."""

    def __init__(self, nodes: Nodes, nets: dict[str, str], labeled: int, unlabeled: int) -> None:
        self.nodes, self.nets, self.sizes = nodes, nets, (labeled, unlabeled)

    def apply(self, path: str, value: str, type_: TypePlan) -> str:
        return self.nodes("apply", self.nets[path], value, params=("net", "inputs"), type=type_)

    def scores(self, head: str, images: str, classes: int) -> str:
        features = self.apply("encoder", images, tensor("Features", "_", "dim"))
        return self.apply(head, features, tensor("Logits", "_", classes))

    def cross_entropy(self, logits: str, labels: str, alias: str = "") -> str:
        return self.nodes(
            "cross_entropy", logits, labels, params=("logits", "labels"), type=SCALAR,
            settings={"smoothing": 0.0, "temperature": 1.0}, alias=alias,
        )  # fmt: skip

    def vat(self, image: str, logits: str, rows: str) -> str:
        net = self.nodes("compose", self.nets["encoder"], self.nets["classes"], params=("nets", "nets"), type=NET)
        settings = {"epsilon": 1.0, "xi": 0.01, "iterations": 1, "direction": "clean_to_adversarial"}
        clean = self.nodes("stop", logits, type=tensor("Logits"), grad=False)
        return self.nodes(
            "virtual_adversarial", net, image, clean, params=("net", "inputs", "logits"), settings=settings,
            type=SCALAR, alias="vat", rows=rows, draw="vat/virtual_adversarial",
        )  # fmt: skip

    def separate(
        self, first: dict[str, str], second: dict[str, str], turns: list[tuple[str, str]]
    ) -> tuple[TermPlan, ...]:
        logits = [self.scores("classes", batch["image"], 10) for batch in (first, second)]
        ce = self.cross_entropy(logits[0], first["label"], "ce")
        angles = [self.cross_entropy(self.scores("rotation.angles", images, 4), labels) for images, labels in turns]
        rotation = self.nodes("mean", *angles, params=("values", "values"), type=SCALAR, alias="rotation")
        return self._terms(ce, rotation, self.vat(second["image"], logits[1], second["rows"]))

    def merged(
        self, first: dict[str, str], second: dict[str, str], turns: list[tuple[str, str]]
    ) -> tuple[TermPlan, ...]:
        """One forward of the encoder: rotated copies hold the images themselves in every fourth row."""
        labeled, unlabeled = self.sizes
        images = tensor("Images", 4 * (labeled + unlabeled), 1, 8, 8)
        all_ = self.nodes("concat", turns[0][0], turns[1][0], type=images)
        features = self.apply("encoder", all_, tensor("Features", "_", "dim"))
        angles = self.apply("rotation.angles", features, tensor("Logits", "_", 4))
        upright = self.nodes("slice", features, settings={"start": 0, "stop": 4 * (labeled + unlabeled), "step": 4})
        logits = self.apply("classes", upright, tensor("Logits", "_", 10))
        pieces = [
            self.nodes("slice", logits, settings={"start": 0, "stop": labeled}),
            self.nodes("slice", logits, settings={"start": labeled, "stop": labeled + unlabeled}),
            self.nodes("slice", angles, settings={"start": 0, "stop": 4 * labeled}),
            self.nodes("slice", angles, settings={"start": 4 * labeled, "stop": 4 * (labeled + unlabeled)}),
        ]
        ce = self.cross_entropy(pieces[0], first["label"], "ce")
        turned = [self.cross_entropy(piece, turn[1]) for piece, turn in zip(pieces[2:], turns, strict=True)]
        rotation = self.nodes("mean", *turned, params=("values", "values"), type=SCALAR, alias="rotation")
        return self._terms(ce, rotation, self.vat(second["image"], pieces[1], second["rows"]))

    def _terms(self, ce: str, rotation: str, vat: str) -> tuple[TermPlan, ...]:
        return (
            TermPlan(name="ce", node=ce, weight=ConstantPlan(value=1.0)),
            TermPlan(name="rotation", node=rotation, weight=ConstantPlan(value=0.7)),
            TermPlan(name="vat", node=vat, weight=CurvePlan(op="cosine")),
        )


LIBRARY = Library.shipped(installed=False)


def built(plan: Plan, shards: int = 1) -> tuple[nn.ModuleDict, StageStep]:
    """The modules of a plan with digits, and the step of its first stage, ready to train."""
    modules = build_modules(plan, FIELDS, LIBRARY)
    set_trained(plan.stages[0], modules)
    return modules, make_step(plan, plan.stages[0], modules, LIBRARY, shards=shards)


def random_batch(rows: int = 8, seed: int = 0) -> dict[str, Tensor]:
    """Digit-like inputs of the quickstart step."""
    generator = torch.Generator().manual_seed(seed)
    batch = {}
    for i, name in enumerate(("labeled", "unlabeled")):
        batch[f"{name}.image"] = torch.rand(rows, 1, 8, 8, generator=generator)
        batch[f"{name}.label"] = torch.randint(10, (rows,), generator=generator)
        batch[f"{name}.index"] = torch.arange(rows) + 1000 * i
        batch[f"{name}.epoch"] = torch.zeros(rows, dtype=torch.int64)
        batch[f"{name}.copy"] = torch.zeros(rows, dtype=torch.int64)
    return batch
