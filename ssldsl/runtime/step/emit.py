"""What each node of a plan reads as in Python."""

from collections.abc import Iterator
from typing import Any

from attrs import Factory, define

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan, Plan, StagePlan
from ssldsl.graph.plan_types import is_of_kind
from ssldsl.ir.primitive import Printed
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES, WITH_BATCH
from ssldsl.ir.walk import leaves
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Edge, Signature
from ssldsl.runtime.device.precision import MIXED
from ssldsl.runtime.nets.keys import net_key
from ssldsl.runtime.ops.load import signature_of
from ssldsl.runtime.step.attributes import Attributes
from ssldsl.runtime.step.imports import TOOLS, function_name, import_lines
from ssldsl.runtime.step.naming import first_output, kind_name, place_in_spec
from ssldsl.runtime.step.pieces import pieces_of, sizes_of
from ssldsl.runtime.step.printer import Lines, Names, identifier, literal
from ssldsl.runtime.step.regimes import LOW_PRECISION_ROLES, regime_of
from ssldsl.runtime.step.spent import spent_values
from ssldsl.types import WHOLE_NUMBERS

MODES = {"rest": "AtRest", "steady": "Steady"}  # how a network runs -> what printed code puts around its module
METRIC = "metric"  # the parameter of a metric that remembers earlier evaluations: its module
_NO_TENSOR = frozenset({"Net", "Rows", "Data"})


@define
class Emission:
    """Writes the nodes of one stage as assignments and remembers what it needed for that.

    on_host: writes what workers do instead of what the step does.
    prepared: of an evaluation, and not of a step: the nodes that workers compute for it.
    """

    plan: Plan
    stage: StagePlan
    library: Library
    shards: int = 1
    on_host: bool = False
    prepared: frozenset[str] | None = None
    names: Names = Factory(Names)
    keys: dict[str, str] = Factory(dict)  # draw -> name of its key
    used: dict[str, Signature] = Factory(dict)  # op -> signature, of the ops that are called
    tools: set[str] = Factory(set)  # runtime names that are called
    attributes: Attributes = Factory(Attributes)
    reads: dict[str, None] = Factory(dict)  # keys of the batch, in order
    host_results: dict[str, tuple[NodePlan, str]] = Factory(dict)  # key of the batch -> the host's node and stream
    nodes: dict[str, NodePlan] = Factory(dict)
    named: dict[str, str] = Factory(dict)  # node -> name of the term or the watch that it is the value of
    _asked: frozenset[str] = frozenset()  # the forwards of which more than the first output is read
    _several: dict[str, str] = Factory(dict)  # such a forward -> the name of all that it gives
    _pieces: dict[str, tuple[NodePlan, ...]] = Factory(dict)  # see `pieces_of`
    _spent: frozenset[str] = frozenset()  # see `spent_values`
    _values: dict[str, str] = Factory(dict)
    _regime: tuple[str, ...] = ()
    _line: tuple[str, int] | None = None

    def __attrs_post_init__(self) -> None:
        self.nodes = {node.id: node for node in self.stage.nodes}
        if not (self.on_host or self.is_evaluation):
            self._pieces = pieces_of(self.nodes)
            self._spent = spent_values(self.stage)
        self._asked = frozenset(node.inputs[0] for node in self.stage.nodes if node.op == "output")
        self.named = {part.node: part.name for part in reversed(self.stage.recorded)}
        for node in self.stage.nodes:
            if node.op not in PRIMITIVES and (self.is_evaluation or node.placement in ("step", "host")):
                self.names.taken.add(node.op)
        self.names.taken.update([*TOOLS, METRIC] if self.is_evaluation else TOOLS)

    @property
    def is_evaluation(self) -> bool:
        """Whether whole data sets are read, and nothing is trained."""
        return self.prepared is not None

    def for_host(self) -> "Emission":
        """The same stage as its workers see it."""
        prepared = None if self.prepared is None else frozenset[str]()
        return self._another(on_host=True, prepared=prepared)

    def for_function(self, prepared: frozenset[str] = frozenset()) -> "Emission":
        """One more function of the same class."""
        return self._another(prepared=prepared, attributes=self.attributes)

    def for_update(self, stage: StagePlan) -> "Emission":
        """A function of the same class for one update of the step. `stage`: as that update has it."""
        function = self._another(
            stage, shards=self.shards, attributes=self.attributes, reads=self.reads, host_results=self.host_results
        )
        function.names.taken.add("kept")
        return function

    def _another(self, stage: StagePlan | None = None, **own: Any) -> "Emission":
        """A function of the same module: it has names of its own, and shares imports and keys."""
        made = Emission(
            self.plan, stage or self.stage, self.library, keys=self.keys, used=self.used, tools=self.tools, **own
        )
        made.names.taken |= set(self.keys.values())
        return made

    def parameter(self, node: NodePlan) -> str:
        """A node as a parameter of the function: its value is given."""
        self._values[node.id] = self.names.take(self.wanted_name(node))
        return self._values[node.id]

    def host_function(self, stream: str) -> str:
        return f"prepare_{identifier(stream)}"

    def value(self, id_: str) -> str:
        """The name, or the short expression, that stands for a node."""
        return self._values[id_]

    # What runs where

    def from_batch(self, node: NodePlan) -> bool:
        """Whether the value comes in with the batch rather than being computed from other nodes."""
        if node.op in WITH_BATCH:
            return True
        return not self.on_host and self._made_on_host(node) and not self._is_rows(node)

    def needs(self, node: NodePlan) -> list[str]:
        """The nodes that a node's line reads."""
        signature = None if node.op in PRIMITIVES else signature_of(self.library, node.op)
        if self.is_evaluation and signature is not None and signature.reads_alone:
            return []
        draws = signature is not None and node.rows and signature.uses_rng
        return [*node.inputs, node.rows] if draws and node.rows else list(node.inputs)

    def can_come_first(self, node: NodePlan) -> bool:
        """Whether a value needs no network and no gradient: it may be computed before all that does."""
        if node.grad or node.op == "apply" or self.on_host:
            return False
        return not any(self.nodes[id_].op in NETWORKS for id_ in node.inputs)

    def _made_on_host(self, node: NodePlan) -> bool:
        if self.prepared is not None:
            return node.id in self.prepared
        return node.placement == "host" or (node.op == "field" and self._made_on_host(self.nodes[node.inputs[0]]))

    def _is_rows(self, node: NodePlan) -> bool:
        return is_of_kind(node.type, "Rows")

    # Writing

    def emit(self, lines: Lines, node: NodePlan) -> None:
        """Write one node."""
        if node.id in self._pieces:
            self._cut(lines, self._pieces[node.id])
            return
        made_on_host = self.from_batch(node) and node.op not in WITH_BATCH
        is_text = node.op in PRIMITIVES and node.op != "draws" and not made_on_host
        text = self._primitive(node) if is_text else ""
        is_there = node.inputs and text in map(self._values.get, node.inputs)
        if node.op in NETWORKS or node.op == "output" or is_there:
            self._values[node.id] = text  # nothing to compute
            return
        self._open(lines, node)
        target = self._target(node)
        if made_on_host:
            lines.add(f"{target} = {self._host_read(node, target)}", node)
        elif text:
            self._values[node.id] = self._assigned(lines, node, target, text)
            return
        elif node.op == "draws":
            lines.group(f"{target} = SampleRng.joined(", self._draws(node), ")", node)
        else:
            signature = signature_of(self.library, node.op)
            function = self._function(node, signature)
            lines.group(f"{target} = {function}(", self._arguments(node, signature), ")", node)
        self._values[node.id] = target

    def _target(self, node: NodePlan) -> str:
        """The name of a value, which may be that of one that it is made of and that nothing else reads."""
        wanted = self.wanted_name(node)
        spent = [self.nodes[id_] for id_ in node.inputs if id_ in self._spent and id_ in self._values]
        same = (self.value(value.id) for value in spent if self.wanted_name(value) == wanted)
        return next(same, "") or self.names.take(wanted)

    def _cut(self, lines: Lines, pieces: tuple[NodePlan, ...]) -> None:
        """Write slices that a value falls into, at the first of them."""
        if pieces[0].id in self._values:
            return
        self._open(lines, pieces[0])
        whole = self.value(pieces[0].inputs[0])
        for piece in pieces:
            self._values[piece.id] = self.names.take(self.wanted_name(piece))
        names = [self._values[piece.id] for piece in pieces]
        lines.unpack(names, f"{whole}.split({sizes_of(pieces, self.shards)})", pieces[0])

    def _assigned(self, lines: Lines, node: NodePlan, target: str, text: str) -> str:
        """Write the line that computes a primitive; gives what then stands for its value."""
        first = first_output(self.plan, self.nodes, node, self.library)
        if node.id in self._asked:
            lines.add(f"{target} = {text}", node)
            self._several[node.id] = target
            return f"{target}.{first}"
        lines.add(f"{target} = {text}.{first}" if first else f"{target} = {text}", node)
        return target

    def close(self, lines: Lines) -> None:
        """End the block that the last node stands in."""
        lines.depth -= bool(self._regime)
        self._regime = ()

    def _open(self, lines: Lines, node: NodePlan) -> None:
        """The comment that names the spec line, and the `with` block, where they change."""
        regime = self._regime_of(node)
        if regime != self._regime:
            lines.depth -= bool(self._regime)
        place = place_in_spec(node)
        if place is not None and (place.file, place.line) != self._line:
            self._line = (place.file, place.line)
            lines.add(f"# {place.file}:{place.line}  {place.text.split(' #')[0].strip()}")
        if regime != self._regime and regime:
            lines.add(f"with {', '.join(regime)}:")
            lines.depth += 1
        self._regime = regime

    def _regime_of(self, node: NodePlan) -> tuple[str, ...]:
        """The context managers a node runs under."""
        if self.on_host or self.is_evaluation:
            return ()
        if self.from_batch(node) or self._is_rows(node) or (node.op in _LOOKUPS and not node.grad):
            return self._regime  # nothing is computed: it may stand in any block
        return regime_of(self.stage, node, self.library)

    def wanted_name(self, node: NodePlan) -> str:
        """What the value of a node would be called if the name were free."""
        if (node.id in self.named or node.alias) and node.op not in WITH_BATCH:
            return self.named.get(node.id, node.alias)
        if node.id in self._asked:
            return "outputs"
        return kind_name(node, self.stream_of(node))

    def stream_of(self, node: NodePlan) -> str:
        """The stream a value is made of by one chain of views, or nothing."""
        while node.op not in WITH_BATCH:
            values = [self.nodes[id_] for id_ in node.inputs]
            if len(values) != 1 or values[0].op in NETWORKS:
                return ""
            node = values[0]
        return str(node.settings.get("stream", ""))

    # Expressions

    def _primitive(self, node: NodePlan) -> str:
        """The text of a primitive."""
        primitive = PRIMITIVES[node.op]
        if primitive.python is None:
            raise InternalError(f"node {node.id}: `{node.op}` has no part in a step")
        self.tools |= set(primitive.tools)
        reads = [self._read(key) for key in primitive.reads(node.settings)]
        nets = [id_ for id_ in (node.id, *node.inputs) if self.nodes[id_].op in NETWORKS]
        modules = [text for id_ in nets[:1] for text in self._modules(id_)]
        inputs = reads or self._inputs(node)
        memory = f"self.{self.attributes.of_memory(node)}" if primitive.is_memory else ""
        is_rows = self._is_rows(node)
        return primitive.python(
            Printed(tuple(inputs), node.settings, tuple(modules), node.params, memory, is_rows, self.shards)
        )

    def _modules(self, id_: str) -> Iterator[str]:
        """The modules of a network, in the order they are applied; around each, how it runs if not as usual."""
        for part in leaves(id_, lambda id_: self.nodes[id_].inputs):
            node = self.nodes[part]
            attribute, mode = f"self.{self.attributes.of_module(net_key(node))}", node.settings.get("mode")
            self.tools |= {MODES[mode]} if mode else set()
            yield f"{MODES[mode]}({attribute})" if mode else attribute

    def _read(self, key: str) -> str:
        self.reads[key] = None
        return f"batch[{literal(key)}]"

    def _host_read(self, node: NodePlan, target: str) -> str:
        stream = self.stream_of(node)
        if not stream and not self.is_evaluation:
            raise InternalError(f"node {node.id}: a worker makes it of more than one stream")
        key = target if self.is_evaluation else f"{stream}.{target}"
        for known, (other, _) in self.host_results.items():
            if other.id == node.id:  # another update reads it, too
                return self._read(known)
        while key in self.host_results:
            key += "_"
        self.host_results[key] = (node, stream)
        return self._read(key)

    def _inputs(self, node: NodePlan) -> list[str]:
        return [self._several[id_] if node.op == "output" else self.value(id_) for id_ in node.inputs]

    def _arguments(self, node: NodePlan, signature: Signature) -> list[str]:
        """The arguments of a call: edges by position while there is no gap, the rest by name."""
        given: dict[str, list[str]] = {}
        if signature.reads_state or (self.is_evaluation and signature.reads_alone):
            return []
        for param, id_ in zip(node.params, node.inputs, strict=True):
            edge = signature.edge(param)
            if edge is None:
                raise InternalError(f"node {node.id}: `{node.op}` has no edge `{param}`")
            given.setdefault(param, []).append(self._argument(node, edge, id_))
        arguments, gap = [], False
        for edge in signature.edges:
            if edge.name not in given:
                gap = True
                continue
            value = f"[{', '.join(given[edge.name])}]" if edge.many else given[edge.name][0]
            arguments.append(f"{edge.name}={value}" if gap else value)
        return arguments + self._keywords(node, signature)

    def _argument(self, node: NodePlan, edge: Edge, id_: str) -> str:
        if edge.kind == "Net":
            self.tools.add("Composition")
        is_whole = any(is_of_kind(self.nodes[id_].type, kind) for kind in WHOLE_NUMBERS)
        is_float = edge.kind not in _NO_TENSOR and not is_whole
        low = self.stage.precision in MIXED and is_float and not self.is_evaluation
        signature = signature_of(self.library, node.op)
        if self.on_host and is_of_kind(self.nodes[id_].type, "Images") and not signature.traits.takes_bytes:
            self.tools.add("images_to_float")
            return f"images_to_float({self.value(id_)})"
        return f"{self.value(id_)}.float()" if low and signature.role in LOW_PRECISION_ROLES else self.value(id_)

    def _keywords(self, node: NodePlan, signature: Signature) -> list[str]:
        keywords = []
        if signature.uses_rng:
            if node.rows is None:
                raise InternalError(f"node {node.id}: `{node.op}` draws random numbers but does not say for which rows")
            keywords.append(f"rng={self._rng(node.draw, self.nodes[node.rows])}")
        if signature.is_module:
            return keywords
        return keywords + [f"{name}={self._setting(value)}" for name, value in node.settings.items()]

    def _rng(self, draw: str, rows: NodePlan) -> str:
        """The random numbers of a draw, or of all that a call makes at once."""
        if rows.op == "draws":
            return self.value(rows.id)
        self.tools |= {"SampleRng", "key_of"}
        return f"SampleRng({self._key(draw)}, {self.value(rows.id)})"

    def _draws(self, node: NodePlan) -> list[str]:
        """The random numbers of each of the draws that a call makes at once."""
        draws = zip(node.settings["names"], node.inputs, strict=True)
        return [self._rng(name, self.nodes[id_]) for name, id_ in draws]

    def _function(self, node: NodePlan, signature: Signature) -> str:
        """What a node calls."""
        if signature.role == "memory":
            return f"self.{self.attributes.of_memory(node)}"
        if signature.role == "metrics" and signature.is_module:
            self.tools.add("Callable")
            return METRIC
        self.used[node.op] = signature
        return f"self.{self.attributes.of_instance(node, self.making)}" if signature.is_module else node.op

    def making(self, node: NodePlan) -> str:
        """The expression that makes a module without a name."""
        settings = ", ".join(f"{name}={literal(value)}" for name, value in node.settings.items())
        return f"{function_name(node.op, self.used[node.op])}({settings})"

    def _key(self, draw: str) -> str:
        if draw not in self.keys:
            self.keys[draw] = self.names.take(f"KEY_{identifier(draw).upper()}")
        return self.keys[draw]

    def _setting(self, value: Any) -> str:
        if isinstance(value, dict) and set(value) == {"schedule"}:
            return f"scalars[{value['schedule']}]"
        return literal(value)

    def imports(self) -> list[str]:
        """The import lines of the generated code."""
        return import_lines(self.tools, self.used, is_evaluation=self.is_evaluation)


_LOOKUPS = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.is_lookup)
