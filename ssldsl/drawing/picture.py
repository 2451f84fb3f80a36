"""The picture of a method, before it has any coordinates: boxes, lanes between them, stages, links of stages."""

from typing import Literal

from attrs import field, frozen

from ssldsl.source import Source, Span

BoxKind = Literal["stream", "view", "net", "head", "target", "memory", "loss", "total", "eval"]
EdgeKind = Literal["data", "label", "weight", "ema", "eval"]
Mark = Literal["", "same", "added", "removed", "changed"]


@frozen
class Box:
    """One thing with a name: a stream, a view, a module (once, however often it is applied), a term, the total.

    id: `stage/kind:name`; the part after the slash is the same in every stage, so that stages line up.
    lines: what stands under the title. chips: the views of a stream, the parts of a chain of views.
    count: how many draws of one stream a view makes.
    reach: modules that the gradient of what leaves the box reaches. frozen: a module that this stage does not train.
    """

    id: str
    kind: BoxKind
    title: str
    lines: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()
    type: str = ""
    reach: tuple[str, ...] = ()
    frozen: bool = False
    average: bool = False
    count: int = 1
    spans: tuple[Span, ...] = field(default=(), eq=False, repr=False)
    mark: Mark = field(default="", eq=False)

    @property
    def stage(self) -> str:
        return self.id.split("/", 1)[0]

    @property
    def key(self) -> str:
        """What the box is, whatever the stage."""
        return self.id.split("/", 1)[1]


@frozen
class DrawnEdge:
    """One lane from box to box: one value, or several that differ in nothing but their draw.

    origins: the lanes into `source` that it continues. text: stands on the lane, such as the weight of a term.
    """

    id: str
    source: str
    target: str
    kind: EdgeKind
    streams: tuple[str, ...] = ()
    detached: bool = False
    count: int = 1
    text: str = ""
    shape: str = ""
    type: str = ""
    reach: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    spans: tuple[Span, ...] = field(default=(), eq=False, repr=False)
    mark: Mark = field(default="", eq=False)


@frozen
class Cluster:
    """A stage: its name, and what a small caption says of it."""

    id: str
    title: str
    captions: tuple[str, ...] = ()
    spans: tuple[Span, ...] = field(default=(), eq=False, repr=False)
    mark: Mark = field(default="", eq=False)


@frozen
class Link:
    """An arrow from stage to stage: what starts from what."""

    source: str
    target: str
    text: str
    mark: Mark = field(default="", eq=False)


@frozen
class Picture:
    """A method as drawn. `streams`: in the order of their colors. `sources`: the texts that spans lie in."""

    name: str
    clusters: tuple[Cluster, ...]
    boxes: tuple[Box, ...]
    edges: tuple[DrawnEdge, ...]
    links: tuple[Link, ...] = ()
    streams: tuple[str, ...] = ()
    sources: tuple[Source, ...] = field(default=(), eq=False, repr=False)

    def box(self, id: str) -> Box:
        return next(b for b in self.boxes if b.id == id)

    def boxes_of(self, stage: str) -> tuple[Box, ...]:
        return tuple(b for b in self.boxes if b.stage == stage)

    def edges_of(self, stage: str) -> tuple[DrawnEdge, ...]:
        return tuple(e for e in self.edges if e.source.split("/", 1)[0] == stage)
