"""Signatures of ops from their source text. Nothing is imported, nothing runs: `ast` and a closed vocabulary suffice.

Whatever lies outside the vocabulary is an error in the Python file, at its place: R201 unreadable, R202 an annotation
or literal that is not understood, R203 no op, or one that is not called like its file.
"""

import ast
import hashlib
import inspect
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import get_args

import attrs

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ops import edges, literals
from ssldsl.ops.decorator import OpTraits
from ssldsl.ops.named_traits import unfit_traits
from ssldsl.ops.settings import Outside, Varying, last_name, read_type
from ssldsl.ops.signature import REQUIRED, Edge, Output, Role, SettingSpec, Signature
from ssldsl.ops.softmaxes import is_softmax
from ssldsl.source import Source, Span
from ssldsl.types import KINDS

ROLES: tuple[Role, ...] = get_args(Role)
Definition = ast.FunctionDef | ast.ClassDef


def read_signature(path: str, text: str, role: Role, *, module: str = "") -> Signature:
    """The one op of a library's file, called like the file. `SpecError` with everything that is wrong with the file."""
    reader = _Reader(Source(path, text), module)
    found = reader.definitions()
    name = PurePath(path).stem
    named = next((d for d in found if plain(d.name) == plain(name)), None)
    if named is None:
        reader.fault("R203", found[0] if found else None, f"this file has no op `{name}`",
                     f"a file of a library holds one op of its own name: `@op()`, then `def {name}(...)`")  # fmt: skip
        raise SpecError(reader.faults)
    for other in found:
        if other is not named:
            reader.fault("R203", other, f"a second op, `{other.name}`, in the file of `{name}`",
                         "one op, one file: move it to a file of its own")  # fmt: skip
    return reader.checked([reader.signature(named, name, role)])[0]


def read_signatures(path: str, text: str, *, module: str = "") -> tuple[Signature, ...]:
    """All ops of a user's own file. The role follows from the signature unless `@op(role=...)` says it."""
    reader = _Reader(Source(path, text), module)
    found = reader.definitions()
    if not found:
        reader.fault("R203", None, "this file has no op", "mark a function or a module with `@op()` of `ssldsl.ops`")
    stem = PurePath(path).stem
    names = [stem if plain(d.name) == plain(stem) else snake_case(d.name) for d in found]
    for definition, name in zip(found, names, strict=True):
        if names.count(name) > 1:
            reader.fault(
                "R203", definition, f"two ops of this file are called `{name}`", "give one of them another name"
            )
    return reader.checked([reader.signature(d, n, None) for d, n in zip(found, names, strict=True)])


def plain(name: str) -> str:
    """What the names of an op and of its class have in common: `ConvNet` is the class of `convnet` and `conv_net`."""
    return name.replace("_", "").lower()


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class _Reader:
    """One file. Faults are gathered, so that all of them are said together."""

    def __init__(self, source: Source, module: str) -> None:
        self.source = source
        self.module = module
        self.faults: list[Diagnostic] = []
        self.tree = self._parsed()
        self.constants = literals.constants(self.tree)
        self.tuples = {n.name: n for n in self.tree.body if isinstance(n, ast.ClassDef) and _is_named_tuple(n)}

    def _parsed(self) -> ast.Module:
        try:
            return ast.parse(self.source.text)
        except SyntaxError as error:
            start = self.source.line_starts[min(error.lineno or 1, len(self.source.line_starts)) - 1]
            start += max(0, (error.offset or 1) - 1)
            span = Span(self.source, start, start + 1)
            raise SpecError(Diagnostic("R201", "this op file is not valid Python", span, error.msg)) from error
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes, or nested beyond all measure
            span = Span(self.source, 0, len(self.source.line(1)))
            raise SpecError(Diagnostic("R201", "this op file is not valid Python", span, str(error))) from error

    def fault(self, code: str, node: ast.AST | None, message: str, help: str = "") -> None:
        self.faults.append(Diagnostic(code, message, self._span(node), help=help))

    def _span(self, node: ast.AST | None) -> Span:
        if not isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword):
            return Span(self.source, 0, len(self.source.line(1)))
        start = self._offset(node.lineno, node.col_offset)
        if isinstance(node, Definition):
            start = self.source.text.index(node.name, start)
            return Span(self.source, start, start + len(node.name))
        assert node.end_lineno is not None and node.end_col_offset is not None
        return Span(self.source, start, self._offset(node.end_lineno, node.end_col_offset))

    def _offset(self, line: int, column: int) -> int:
        """`ast` counts columns in bytes."""
        text = self.source.line(line)
        return self.source.line_starts[line - 1] + len(text.encode()[:column].decode(errors="replace"))

    def checked(self, signatures: list[Signature]) -> tuple[Signature, ...]:
        if self.faults:
            raise SpecError(self.faults)
        return tuple(signatures)

    def definitions(self) -> list[Definition]:
        found: list[Definition] = []
        for node in self.tree.body:
            if isinstance(node, Definition) and any(_mark(d) for d in node.decorator_list):
                found.append(node)
        return found

    # --- one op ---

    def signature(self, node: Definition, name: str, role: Role | None) -> Signature:
        traits = self._traits(node)
        signature = self._module(node, name) if isinstance(node, ast.ClassDef) else self._function(node, name)
        if role is None:
            role = self._role(traits, signature, node)
        if role == "memory" and not signature.has_commit:
            help = "a memory is a module whose `forward` reads and whose `commit` writes, once a step"
            self.fault("R202", node, f"the memory `{node.name}` has no `commit`", help)
        if role in ("memory", "metrics") and signature.has_commit:
            self._check_commit(node, role)
        if role in ("nets", "heads"):
            self._check_network(node, signature)
        if role == "views":
            self._check_view(node, signature)
        signature = attrs.evolve(signature, role=role, traits=traits)
        self._check_across(node, signature)
        for said, help in unfit_traits(signature):
            self.fault("R202", node, said, help)
        doc = ast.get_docstring(node) or _forward_doc(node)
        return attrs.evolve(
            signature, summary=doc.split("\n", 1)[0], doc=doc, path=self.source.name,
            module=self.module, line=node.lineno, digest=hashlib.sha256(self.source.text.encode()).hexdigest(),
        )  # fmt: skip

    def _traits(self, node: Definition) -> OpTraits:
        call = next(d for d in node.decorator_list if _mark(d))
        if not isinstance(call, ast.Call):
            self.fault("R202", call, "`@op` needs its parentheses", "write `@op()`")
            return OpTraits()
        known = {a.name for a in attrs.fields(OpTraits)}
        given: dict[str, object] = {}
        for argument in call.args:
            self.fault("R202", argument, "`@op(...)` takes named traits only", f"it takes: {', '.join(sorted(known))}")
        for keyword in call.keywords:
            if keyword.arg not in known:
                self.fault(
                    "R202",
                    keyword,
                    f"`@op(...)` knows no trait `{keyword.arg}`",
                    f"it takes: {', '.join(sorted(known))}",
                )
                continue
            try:
                given[keyword.arg] = literals.read(keyword.value, self.constants)
            except Outside as outside:
                self.fault("R202", outside.node, str(outside), outside.help)
        return OpTraits(**given)  # type: ignore[arg-type]  # what a trait may be is for its reader to refuse

    def _role(self, traits: OpTraits, signature: Signature, node: Definition) -> Role:
        for role in ROLES:
            if traits.role == role:
                return role
        if traits.role:
            self.fault("R202", node, f"`{traits.role}` is no role of an op", f"one of {', '.join(ROLES)}")
        return edges.role_of(signature)

    def _function(self, node: ast.FunctionDef, name: str) -> Signature:
        arguments = node.args
        found = self._edges([*arguments.posonlyargs, *arguments.args], arguments.defaults)
        settings, uses_rng = self._settings(arguments)
        softmax = len(found) == 1 and is_softmax(node, found[0].dims)
        return Signature(name, "losses", found, settings, self._outputs(node), uses_rng=uses_rng, is_softmax=softmax)

    def _module(self, node: ast.ClassDef, name: str) -> Signature:
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        forward, init = methods.get("forward"), methods.get("__init__")
        if forward is None:
            self.fault(
                "R202", node, f"the module `{node.name}` has no `forward`", "its edges and result are read from there"
            )
            return Signature(name, "heads", (), (), (), is_module=True)
        sizes: tuple[str, ...] = ()
        settings: tuple[SettingSpec, ...] = ()
        if init is not None:
            sizes = self._sizes(init)
            settings, random = self._settings(init.args)
            if random:
                self.fault(
                    "R202", init, "`rng` belongs to `forward`", "the numbers of a draw are known once there is a batch"
                )
        uses_rng = self._forward_rng(forward)
        commit = methods.get("commit")
        given = forward.args.args[1:]
        reads_alone = commit is not None and len(given) == len(forward.args.defaults)
        arguments = (commit if commit is not None and reads_alone else forward).args
        return Signature(
            name, "heads", self._edges(arguments.args[1:], arguments.defaults), settings, self._outputs(forward), sizes,
            is_module=True, uses_rng=uses_rng, has_commit=commit is not None, takes_row=_example(init),
            reads_state=reads_alone and not given, reads_alone=reads_alone, parts=_parts(init),
        )  # fmt: skip

    def _check_network(self, node: Definition, signature: Signature) -> None:
        """Networks can be put one behind the other: the first input is what goes through, row by row, and the first
        output is what goes on. The others have a row for each of the same rows.
        """
        forward = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "forward"), node)
        for edge in (e for e in signature.edges[:1] if e.optional or e.many):
            said = f"what goes through `{node.name}` is one tensor, and `{edge.name}` may be none or several"
            self.fault("R202", forward, said, "further inputs, behind it, may be left out")
        for edge in signature.edges[1:]:
            if edge.many or edge.kind not in KINDS or (edge.dims[:1] != ("batch",)):
                help = "each is a tensor with a row for every row; what calls networks is an op of the role `targets`"
                self.fault("R202", forward, f"`{edge.name}` is no input of a network such as `{node.name}`", help)
        rows = signature.outputs[0].dims[:1] if signature.outputs else ()
        for output in (o for o in signature.outputs if o.dims[:1] != rows or not rows):
            said = f"`{output.name}` of `{node.name}` has no row for every row of `{signature.outputs[0].name}`"
            if output.name:
                self.fault("R202", forward, said, "all that a network gives has the rows of its first output")

    def _check_view(self, node: Definition, signature: Signature) -> None:
        """A view changes one batch: it stands behind `>>`, where there is room for no other."""
        if len(signature.edges) > 1:
            names = ", ".join(f"`{edge.name}`" for edge in signature.edges)
            help = 'what reads several is an op of the role `targets`, as `mixup` is: `@op(role="targets")`'
            self.fault("R202", node, f"a view takes one batch, and `{node.name}` takes {names}", help)

    def _check_across(self, node: Definition, signature: Signature) -> None:
        """A number for every pair of rows is no mean over processes, and nothing that a network gives of a row."""
        if not signature.compares_rows:
            return
        said = f"`{node.name}` has the rows of a batch in two dimensions"
        if signature.role in ("nets", "heads"):
            help = "what compares rows is an op of the role `targets` or `losses`, which sees the rows of all processes"
            self.fault("R202", node, f"{said}, and a network gives a row for a row", help)
        elif signature.traits.across == "mean":
            help = 'leave `across="mean"` out: it sees the rows of all processes'
            self.fault("R202", node, f"{said}, so over several processes it is no mean", help)

    def _check_commit(self, node: Definition, role: Role) -> None:
        """What remembers writes what it reads: `commit` takes the edges of `forward`.

        A memory may do without them in `forward`: what it gives is then what it holds, whatever comes in. One that has
        a default for each of them gives what it holds to an evaluation.
        """
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        read, written = ([a.arg for a in methods[name].args.args[1:]] for name in ("forward", "commit"))
        allowed = ([], written) if role == "memory" and written else (written,)
        if read not in allowed:
            said = f"`commit` takes {', '.join(written) or 'nothing'}, and `forward` {', '.join(read) or 'nothing'}"
            both = "both take the same edges"
            self.fault("R202", methods["commit"], said, f"{both}, or `forward` none" if role == "memory" else both)

    def _sizes(self, init: ast.FunctionDef) -> tuple[str, ...]:
        arguments = init.args.args[1:]
        for argument in arguments:
            if last_name(argument.annotation or argument) not in ("int", "PositiveInt", "Tensor"):
                self.fault("R202", argument, f"`{argument.arg}` stands before `*` and is not annotated as a size",
                           "sizes are `PositiveInt`; settings stand after `*`")  # fmt: skip
        for default in init.args.defaults:
            self.fault("R202", default, "a size has no default", "it is given in the call, or follows from the input")
        return tuple(a.arg for a in arguments)

    def _forward_rng(self, forward: ast.FunctionDef) -> bool:
        for argument in forward.args.kwonlyargs:
            if not _is_rng(argument):
                self.fault("R202", argument, f"`{argument.arg}` is a setting of `forward`",
                           "settings of a module belong to its `__init__`")  # fmt: skip
        return any(_is_rng(a) for a in forward.args.kwonlyargs)

    def _edges(self, arguments: list[ast.arg], defaults: list[ast.expr]) -> tuple[Edge, ...]:
        first_optional = len(arguments) - len(defaults)
        found = []
        for i, argument in enumerate(arguments):
            try:
                edge = edges.read_edge(argument)
            except Outside as outside:
                self.fault("R202", outside.node, str(outside), outside.help)
                continue
            if i >= first_optional:
                default = defaults[i - first_optional]
                if not (isinstance(default, ast.Constant) and default.value is None):
                    self.fault("R202", default, f"the edge `{argument.arg}` can only be left out as `None`",
                               "settings stand after `*`")  # fmt: skip
                edge = attrs.evolve(edge, optional=True)
            found.append(edge)
        return tuple(found)

    def _settings(self, arguments: ast.arguments) -> tuple[tuple[SettingSpec, ...], bool]:
        for starred in (arguments.vararg, arguments.kwarg):
            if starred is not None:
                self.fault("R202", starred, f"`{starred.arg}` takes any number of arguments",
                           "name every parameter; several values as one are `list[...]`")  # fmt: skip
        found = []
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if _is_rng(argument):
                continue
            try:
                found.append(self._setting(argument, default))
            except Outside as outside:
                self.fault("R202", outside.node, str(outside), outside.help)
        return tuple(found), any(_is_rng(a) for a in arguments.kwonlyargs)

    def _setting(self, argument: ast.arg, default: ast.expr | None) -> SettingSpec:
        if argument.annotation is None:
            raise Outside(
                argument, f"the setting `{argument.arg}` has no annotation", f"such as `{argument.arg}: PositiveFloat`"
            )
        type_ = read_type(argument.annotation)
        value = REQUIRED if default is None else literals.read(default, self.constants)
        return SettingSpec(argument.arg, ast.unparse(argument.annotation), value, isinstance(type_, Varying))

    def _outputs(self, node: ast.FunctionDef) -> tuple[Output, ...]:
        try:
            if isinstance(node.returns, ast.Name) and node.returns.id in self.tuples:
                return tuple(self._fields(self.tuples[node.returns.id]))
            return edges.read_result(node)
        except Outside as outside:
            self.fault("R202", outside.node, str(outside), outside.help)
            return ()

    def _fields(self, result: ast.ClassDef) -> Iterator[Output]:
        for item in result.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                is_number = last_name(item.annotation) == "float"
                kind, dims, count = ("Scalar", (), "") if is_number else edges.read_kind(item.annotation)
                yield Output(item.target.id, kind, dims, count)


def _mark(decorator: ast.expr) -> bool:
    return last_name(decorator.func if isinstance(decorator, ast.Call) else decorator) == "op"


def _is_named_tuple(node: ast.ClassDef) -> bool:
    return any(last_name(base) == "NamedTuple" for base in node.bases)


def _is_rng(argument: ast.arg) -> bool:
    annotation = argument.annotation
    quoted = isinstance(annotation, ast.Constant) and annotation.value == "SampleRng"
    return annotation is not None and (quoted or last_name(annotation) == "SampleRng")


def _forward_doc(node: Definition) -> str:
    forward = next((m for m in node.body if isinstance(m, ast.FunctionDef) and m.name == "forward"), None)
    return inspect.cleandoc(ast.get_docstring(forward) or "") if forward and isinstance(node, ast.ClassDef) else ""


def _example(init: ast.FunctionDef | None) -> str:
    """The parameter of `__init__` that is an example of a row, or nothing."""
    found = (a.arg for a in init.args.args[1:] if last_name(a.annotation or a) == "Tensor") if init else iter(())
    return next(found, "")


def _parts(init: ast.FunctionDef | None) -> tuple[str, ...]:
    """Attributes that `__init__` makes: results of calls, not copies of its arguments."""
    found: dict[str, None] = {}
    for node in ast.walk(init) if init else ():
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(
            node.value, ast.Call | ast.IfExp | ast.Tuple
        ):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in [t for top in targets for t in (top.elts if isinstance(top, ast.Tuple) else [top])]:
            if isinstance(target, ast.Attribute) and last_name(target.value) == "self" and target.attr[0] != "_":
                found[target.attr] = None
    return tuple(found)
