"""What a pass may know beside the graph it is given."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from ssldsl.errors import InternalError
from ssldsl.ir.modules import paths_of
from ssldsl.ir.nodes import Duration, Node, Setting
from ssldsl.ir.program import Module
from ssldsl.ops.signature import Signature
from ssldsl.types import NetType


@frozen
class Clock:
    """How long a pass over the clock stream and the stage's whole run are, in optimizer steps."""

    steps_per_epoch: int
    steps: int

    def steps_of(self, duration: Duration) -> float:
        """A duration in steps; `%` is of the run."""
        unit = {"it": 1.0, "ep": float(self.steps_per_epoch), "%": self.steps / 100}[duration.unit]
        return duration.value * unit

    @staticmethod
    def of(run: Duration, size: int, rows: int) -> "Clock":
        """The clock of a stage that runs for `run`, where a pass is `size` samples, `rows` of them in a step."""
        if run.unit == "%":
            raise InternalError(f"a run cannot last {run}: there is no whole that it could be part of")
        steps_per_epoch = max(1, size // rows)
        return Clock(steps_per_epoch, max(1, round(run.in_steps(steps_per_epoch))))


@frozen
class PassContext:
    """The library, the modules by path, which data sources are held in memory, and how long things last.

    resident: names of data ops; none means that it is not known, and all count as resident.
    clock: absent before sizes are known.
    """

    signatures: Mapping[str, Signature]
    modules: Mapping[str, Module] = field(factory=dict)
    resident: frozenset[str] | None = None
    clock: Clock | None = None

    def is_random(self, net: Node) -> bool:
        """Whether a network draws random numbers in its forward pass, so that two forwards of one row differ."""
        return any(signature.is_random(settings) for signature, settings in self._made_of(net))

    def draws_by_sample(self, net: Node) -> bool:
        """Whether it is told which samples its rows are, to draw for them."""
        return any(signature.uses_rng for signature, _ in self._made_of(net))

    def gathers(self, net: Node) -> bool:
        """Whether a network compares rows in a way of its own, so that it must see those of all processes."""
        return any(signature.gathers for signature, _ in self._made_of(net))

    def _made_of(self, net: Node) -> Iterator[tuple[Signature, dict[str, Setting]]]:
        """The signatures of a network's modules, with their settings."""
        for module in (self.modules.get(path) for path in paths_of(net)):
            if module is not None and module.op in self.signatures:
                yield self.signatures[module.op], dict(module.settings)


def couples_batch(net: Node) -> bool:
    """Whether a row of the network's output depends on the other rows."""
    return isinstance(net.type, NetType) and net.type.couples_batch


def takes_several(net: Node) -> bool:
    """Whether the network makes one row of several, such as one of the four copies of a rotation."""
    return isinstance(net.type, NetType) and net.type.rows_taken > 1
