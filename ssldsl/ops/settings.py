"""The types a setting may have, read from its annotation: their names and bounds in words. See `ssldsl.ops.kinds`."""

import ast
from functools import cache
from typing import Any

from attrs import evolve, frozen


class Outside(ValueError):
    """An annotation, or a literal, outside the closed vocabulary of ops. `node`: the part that is."""

    def __init__(self, node: ast.AST, message: str, help: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.help = help


@frozen
class Interval:
    """A number between `low` and `high`; `above`: `low` itself is excluded, `below`: `high` itself is."""

    whole: bool
    low: float | None = None
    high: float | None = None
    above: bool = False
    below: bool = False

    def __str__(self) -> str:
        return "a whole number" if self.whole else "a number"

    @property
    def range(self) -> str:
        """The bounds in words, or nothing."""
        if self.low is None:
            return "" if self.high is None else f"{'below' if self.below else 'at most'} {self.high:g}"
        if self.high is not None and self.below:
            return f"{'above' if self.above else 'at least'} {self.low:g} and below {self.high:g}"
        if self.high is not None:
            return f"between {self.low:g} and {self.high:g}"
        return f"above {self.low:g}" if self.above else f"{self.low:g} or more"


@frozen
class Flag:
    def __str__(self) -> str:
        return "true or false"


@frozen
class Text:
    def __str__(self) -> str:
        return "a text"


@frozen
class FileName:
    """A file or folder by its name, which may start at the folder of the spec."""

    def __str__(self) -> str:
        return "the name of a file"


@frozen
class Time:
    """A length of time, with its unit."""

    def __str__(self) -> str:
        return "a duration"


@frozen
class Amount:
    """A count, or a percentage of the whole."""

    def __str__(self) -> str:
        return "a count or a percentage"

    range = "at least 1, or above 0% and at most 100%"


@frozen
class Choice:
    values: tuple[Any, ...]

    def __str__(self) -> str:
        said = [f'"{v}"' if isinstance(v, str) else str(v).lower() for v in self.values]
        return said[0] if len(said) == 1 else f"one of {', '.join(said)}"


@frozen
class Sequence:
    """Any number of items of one type, or exactly these (`each`)."""

    item: "SettingType | None" = None
    each: tuple["SettingType", ...] = ()

    def __str__(self) -> str:
        if self.item is not None:
            return f"a list of {_plural(str(self.item))}"
        if len(set(self.each)) == 1:
            return f"a list of {len(self.each)} {_plural(str(self.each[0]))}"
        return f"a list of {', '.join(str(t) for t in self.each)}"


@frozen
class Union:
    """One of several types. `nothing`: `none` as well."""

    options: tuple["SettingType", ...]
    nothing: bool = False

    def __str__(self) -> str:
        return " or ".join([*(str(t) for t in self.options), *(["none"] if self.nothing else [])])


@frozen
class Varying:
    """A number that may be a schedule."""

    number: Interval

    def __str__(self) -> str:
        return f"{self.number} or a schedule"


@frozen
class Course:
    """A schedule, which another one reads: a function of the step and of the length of the run."""

    def __str__(self) -> str:
        return "a schedule"


SettingType = Interval | Flag | Text | FileName | Time | Amount | Choice | Sequence | Union | Varying | Course

NAMED: dict[str, SettingType] = {
    "bool": Flag(),
    "int": Interval(True),
    "float": Interval(False),
    "str": Text(),
    "File": FileName(),
    "PositiveInt": Interval(True, 0, above=True),
    "NonNegativeInt": Interval(True, 0),
    "PositiveFloat": Interval(False, 0, above=True),
    "NonNegativeFloat": Interval(False, 0),
    "Fraction": Interval(False, 0, 1),
    "Duration": Time(),
    "Count": Amount(),
    "Schedule": Course(),
}


def _plural(words: str) -> str:
    """`a number` in a list: `numbers`."""
    if words.startswith("a ") and " or " not in words:
        return words[2:] + "s"
    return f"items, each {words}"


def ranges(type_: SettingType) -> str:
    """The bounds a type sets, in words; of a list, those of its items."""
    match type_:
        case Interval() | Amount():
            return type_.range
        case Varying():
            return type_.number.range
        case Sequence():
            inner = dict.fromkeys(r for r in map(ranges, [type_.item] if type_.item else type_.each) if r)
            return f"each {' or '.join(inner)}" if inner else ""
        case Union():
            return " or ".join(dict.fromkeys(r for r in map(ranges, type_.options) if r))
        case _:
            return ""


def is_file(type_: SettingType) -> bool:
    """Whether a setting names a file."""
    return isinstance(type_, FileName) or (isinstance(type_, Union) and any(is_file(t) for t in type_.options))


@cache
def setting_type(annotation: str) -> SettingType:
    """The type that an annotation writes. `Outside` if the vocabulary has no such type."""
    return read_type(ast.parse(annotation, mode="eval").body)


def last_name(node: ast.AST) -> str:
    """`Tensor` of `Tensor` and of `torch.Tensor`; nothing of anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def unquoted(node: ast.expr) -> ast.expr:
    """The annotation inside quotes, at the place of the quotes."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return node
    try:
        inner = ast.parse(node.value.strip(), mode="eval").body
    except SyntaxError as error:
        raise Outside(node, f"`{node.value}` is not an annotation") from error
    for part in ast.walk(inner):
        ast.copy_location(part, node)
    return inner


def read_type(node: ast.expr) -> SettingType:
    """The type that an annotation's syntax tree writes."""
    node = unquoted(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(node)
    if isinstance(node, ast.Subscript):
        return _generic(node)
    found = NAMED.get(last_name(node))
    if found is None:
        raise Outside(
            node,
            f"`{ast.unparse(node)}` is no type of a setting",
            f"one of {', '.join(NAMED)}, Literal[...], list[...], tuple[...], Scheduled[...], "
            "Annotated[..., Ge(...), Le(...)], or a union with None",
        )
    return found


def _union(node: ast.BinOp) -> SettingType:
    options: list[SettingType] = []
    nothing = False
    for part in _alternatives(node):
        if isinstance(part, ast.Constant) and part.value is None:
            nothing = True
        else:
            options.append(read_type(part))
    if not options:
        raise Outside(node, "a setting that can only be none says nothing")
    return Union(tuple(options), nothing)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def _generic(node: ast.Subscript) -> SettingType:
    items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    match last_name(node.value):
        case "Literal":
            if not all(isinstance(i, ast.Constant) and isinstance(i.value, str | int | bool) for i in items):
                raise Outside(node, "a `Literal` lists texts, whole numbers, or truth values")
            return Choice(tuple(i.value for i in items))  # type: ignore[attr-defined]  # constants, as checked above
        case "list" | "Sequence" if len(items) == 1:
            return Sequence(read_type(items[0]))
        case "tuple" if len(items) == 2 and isinstance(items[1], ast.Constant) and items[1].value is ...:
            return Sequence(read_type(items[0]))
        case "tuple":
            return Sequence(each=tuple(read_type(i) for i in items))
        case "Scheduled" if len(items) == 1:
            inner = read_type(items[0])
            if isinstance(inner, Interval):
                return Varying(inner)
            raise Outside(node, f"only a number can be scheduled, not {inner}")
        case "Annotated" if len(items) > 1:
            return _bounded(read_type(items[0]), items[1:])
    raise Outside(node, f"`{ast.unparse(node)}` is no type of a setting")


def _bounded(type_: SettingType, bounds: list[ast.expr]) -> Interval:
    """`Annotated[float, Ge(0.001), Le(1)]`: a number with bounds of its own."""
    for bound in bounds:
        match type_, bound:
            case Interval(), ast.Call(func=ast.Name("Ge" | "Gt" as name), args=[ast.Constant(int() | float() as at)]):
                type_ = evolve(type_, low=at, above=name == "Gt")
            case Interval(), ast.Call(func=ast.Name("Le" | "Lt" as name), args=[ast.Constant(int() | float() as at)]):
                type_ = evolve(type_, high=at, below=name == "Lt")
            case _:
                said = f"`{ast.unparse(bound)}` is no bound of a number"
                raise Outside(bound, said, "such as `Annotated[float, Ge(0.001), Le(1)]`")
    assert isinstance(type_, Interval)
    return type_
