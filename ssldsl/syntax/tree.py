"""The located syntax tree: one frozen class a construct, each with the span it was written at.

Spans do not take part in equality: two trees are equal when they say the same.
"""

# ruff: noqa: RUF009  # `_span()` is attrs' `field(...)`: a declaration, not a default that instances share

from typing import Literal

from attrs import field, frozen

from ssldsl.source import Span


def _span() -> Span:
    return field(eq=False, repr=False, kw_only=True)  # type: ignore[no-any-return]  # attrs' field() is untyped here


@frozen
class Name:
    """A name, declared or used."""

    id: str
    span: Span = _span()


# --- expressions ------------------------------------------------------------------------------------------------


@frozen
class Number:
    """`0.1`, `128_000`, `5e-4`. `text` is as written; `value` is an int where no point or exponent was written."""

    value: int | float
    text: str = field(eq=False)
    span: Span = _span()


@frozen
class Quantity:
    """A number with its unit: `200ep` (passes over the clock stream), `500it` (steps), `10%`."""

    value: int | float
    unit: Literal["ep", "it", "%"]
    span: Span = _span()


@frozen
class String:
    value: str
    span: Span = _span()


@frozen
class Bool:
    value: bool
    span: Span = _span()


@frozen
class Nothing:
    """`none`."""

    span: Span = _span()


@frozen
class Ref:
    """A use of a name."""

    id: str
    span: Span = _span()


@frozen
class Attribute:
    """`value.name`; keywords are allowed after the dot, and whole numbers: `refine.2` is a round of `refine`."""

    value: "Expr"
    name: Name
    span: Span = _span()


@frozen
class Argument:
    """`value` or `name=value` of a call."""

    name: Name | None
    value: "Expr"
    span: Span = _span()


@frozen
class Call:
    function: "Expr"
    arguments: tuple[Argument, ...]
    span: Span = _span()


@frozen
class ListExpr:
    items: tuple["Expr", ...]
    span: Span = _span()


@frozen
class MapEntry:
    key: Name
    value: "Expr"
    span: Span = _span()


@frozen
class MapExpr:
    """`{labeled: 50, unlabeled: 100}`."""

    entries: tuple[MapEntry, ...]
    span: Span = _span()


@frozen
class Unary:
    op: Literal["-", "not"]
    operand: "Expr"
    span: Span = _span()


@frozen
class Binary:
    """Loosest first: `or`, `and`, comparisons, `|` (join), `then` (schedules), `>>` (compose), `+ -`, `* /`, `**`."""

    op: Literal["+", "-", "*", "/", "**", ">>", "|", "&", "then", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
    left: "Expr"
    right: "Expr"
    span: Span = _span()


@frozen
class Named:
    """`expr as name`: binds to one additive term of a loss, or to what an `eval` or a `watch` gives."""

    value: "Expr"
    name: Name
    span: Span = _span()


Expr = (
    Number | Quantity | String | Bool | Nothing | Ref | Attribute | Call | ListExpr | MapExpr | Unary | Binary | Named
)

# --- statements -------------------------------------------------------------------------------------------------


@frozen
class Declaration:
    """`data NAME = expr`, and likewise stream, view, net, head, let; `head NAME[count] = expr` is a list of heads."""

    kind: Literal["data", "stream", "view", "net", "head", "let"]
    name: Name
    value: Expr
    count: Expr | None = None
    span: Span = _span()


@frozen
class TypeName:
    """A written type: `float`, `prob`, `Loss`, `List[Image]`."""

    name: Name
    arguments: tuple["TypeName", ...] = ()
    span: Span = _span()


@frozen
class Param:
    """`param NAME : type = value where condition`."""

    name: Name
    type: TypeName | None
    value: Expr
    where: Expr | None
    span: Span = _span()


@frozen
class Parameter:
    """A parameter of a `def`. `using`: if not passed, the default expression or the same name in the caller's scope."""

    name: Name
    type: TypeName | None = None
    default: Expr | None = None
    using: bool = False
    span: Span = _span()


@frozen
class Def:
    """`def name(parameters) -> type = value`, or a block of statements that ends with `return value`."""

    name: Name
    parameters: tuple[Parameter, ...]
    returns: TypeName | None
    body: tuple["Statement", ...]
    value: Expr
    span: Span = _span()


@frozen
class Setting:
    """`NAME = expr` at the top level or in a stage: loss, optimizer, run, batch, clock, forward, ..."""

    name: Name
    value: Expr
    span: Span = _span()


@frozen
class Train:
    """`train f.layer4, classes`."""

    nets: tuple[Expr, ...]
    span: Span = _span()


@frozen
class Init:
    """`init f, classes from pretrain`, `... from joint.average`, `... from weights("file.safetensors")`."""

    nets: tuple[Expr, ...]
    origin: Expr
    span: Span = _span()


@frozen
class Eval:
    """`eval top1(images.test) as final`."""

    value: Expr
    span: Span = _span()


@frozen
class Watch:
    """`watch mean(mask) as kept`."""

    value: Expr
    span: Span = _span()


@frozen
class Update:
    """`update NAME { ... }` in a stage: one of several updates that a step makes one after another."""

    name: Name
    body: tuple["Statement", ...]
    span: Span = _span()


@frozen
class StageDecl:
    """`stage NAME after NAME, NAME { ... }`; `stage NAME[rounds] ...` stands for several stages, `NAME.0` and on."""

    name: Name
    after: tuple[Name, ...]
    body: tuple["Statement", ...]
    rounds: Expr | None = None
    span: Span = _span()


@frozen
class SetEdit:
    """`set joint.run = 100ep` in a variant, or `--set joint.run=100ep`."""

    path: tuple[Name, ...]
    value: Expr
    span: Span = _span()


@frozen
class DropEdit:
    """`drop loss.vat` in a variant, or `--drop vat`."""

    path: tuple[Name, ...]
    span: Span = _span()


@frozen
class Variant:
    """`variant NAME { ... }`; `variant NAME (joint, retrain) { ... }` limits its edits to those stages.

    `variant NAME extends OTHER { ... }` applies the other one first.
    """

    name: Name
    extends: Name | None
    stages: tuple[Name, ...]
    edits: tuple[SetEdit | DropEdit, ...]
    span: Span = _span()


@frozen
class Sweep:
    """`sweep path in [values]`, or in a range of numbers to search among: `sweep path in log(1e-4, 1e-1)`."""

    path: tuple[Name, ...]
    values: ListExpr | Call
    span: Span = _span()


@frozen
class Use:
    """`use "common.ssl"`, `use "my_ops.py"`, `use installed_library`."""

    target: String | Name
    span: Span = _span()


Statement = (
    Declaration | Param | Def | Setting | Train | Init | Eval | Watch | Update | StageDecl | Variant | Sweep | Use
)


@frozen
class Comment:
    """A comment with its `#`; `own_line` if nothing stands before it on its line."""

    text: str
    own_line: bool
    span: Span = _span()


@frozen
class File:
    """A whole file. `version` is the number after `ssl`."""

    version: Number | None
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = field(default=(), eq=False)
    span: Span = _span()
