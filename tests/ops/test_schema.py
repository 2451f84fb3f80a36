"""The settings of a call: what is taken, what is refused, and what is said."""

from typing import Any

import pytest

from ssldsl.errors import Diagnostic
from ssldsl.ops.arguments import check_settings
from ssldsl.ops.fast_validation import UNCLEAR, fitted
from ssldsl.ops.library import Library
from ssldsl.ops.schema import export, settings_model, validated
from ssldsl.ops.settings import setting_type
from ssldsl.ops.signature import REQUIRED, Edge, SettingSpec, Signature
from ssldsl.source import Source, Span
from ssldsl.types import Dim
from ssldsl.values import Combined, Constant, Curve, Duration

SOURCE = Source("x.ssl", "net f = thing(a=1, b=2)")
CALL, ARGUMENT = Span(SOURCE, 8, 23), Span(SOURCE, 16, 17)
COSINE = Combined("*", Constant(0.1), Curve("cosine"))


def thing(**annotations: Any) -> Signature:
    """An op `thing` with settings of these annotations; a pair is an annotation and a default."""
    specs = []
    for name, said in annotations.items():
        annotation, default = said if isinstance(said, tuple) else (said, REQUIRED)
        specs.append(SettingSpec(name, annotation, default, annotation.startswith("Scheduled")))
    return Signature("thing", "views", (Edge("images", "Images", ("batch",)),), tuple(specs), ())


def check(signature: Signature, **given: Any) -> tuple[dict[str, Any], list[Diagnostic]]:
    return check_settings(signature, {name: (value, ARGUMENT) for name, value in given.items()}, CALL)


def taken(annotation: str, value: Any) -> Any:
    values, problems = check(thing(a=annotation), a=value)
    assert problems == []
    return values["a"]


def refused(annotation: str, value: Any) -> Diagnostic:
    values, (problem,) = check(thing(a=annotation), a=value)
    assert values == {}
    return problem


@pytest.mark.parametrize(
    ("annotation", "value", "result"),
    [
        ("float", 1, 1.0),
        ("float", 1e-5, 1e-5),
        ("PositiveInt", 3, 3),
        ("PositiveInt", Dim.of("K"), Dim.of("K")),
        ("PositiveInt", Dim.of(3), 3),
        ("bool", True, True),
        ("str", "x", "x"),
        ("File", "x.pth", "x.pth"),
        ("Fraction", 0, 0.0),
        ("Fraction", 1, 1.0),
        ("float | None", None, None),
        ("float | None", 2, 2.0),
        ('Literal["a", "b"]', "b", "b"),
        ("list[PositiveInt]", (1, 2), (1, 2)),
        ("list[PositiveInt]", [1, 2], (1, 2)),
        ("list[PositiveInt]", (), ()),
        ("tuple[float, float]", (1, 2), (1.0, 2.0)),
        ("tuple[float, ...]", (1, 2, 3), (1.0, 2.0, 3.0)),
        ("float | tuple[float, float]", (1, 2), (1.0, 2.0)),
        ("Duration", Duration(3, "ep"), Duration(3, "ep")),
        ("list[Duration]", (Duration(3, "ep"), Duration(9, "it")), (Duration(3, "ep"), Duration(9, "it"))),
        ("Count", 100, 100),
        ("Count", Duration(10, "%"), Duration(10, "%")),
        ("Annotated[float, Ge(0.001), Le(2)]", 0.001, 0.001),
        ("Scheduled[PositiveFloat]", 1, 1.0),
        ("Scheduled[PositiveFloat]", COSINE, COSINE),
        ("Scheduled[PositiveFloat]", Constant(0.5), 0.5),
    ],
)
def test_these_values_are_taken(annotation: str, value: Any, result: Any) -> None:
    found = taken(annotation, value)
    assert found == result
    assert type(found) is type(result)


VALUES = [
    *(0, 1, -1, 3, 2**60, 0.5, 1.0, -2.5, 2.0, float("inf"), float("nan"), True, False, None, "a", "", "true"),
    *((), (1,), (1, 2), (1.0, "a"), (0.5, 0.5), ((1,),), Dim.of("K"), Dim.of(3), Dim.of(0), Dim.of("K") * 2),
    *(Duration(3, "ep"), Duration(10, "%"), Duration(120, "%"), Constant(0.5), Constant(-1.0), COSINE, Curve("cosine")),
]


@pytest.mark.parametrize(
    "annotation",
    [
        *("bool", "int", "float", "str", "PositiveInt", "NonNegativeInt", "PositiveFloat", "NonNegativeFloat"),
        *("Fraction", "Duration", "Count", 'Literal["a", "b"]', "Literal[1, 2]", "Literal[True, 1]"),
        *("Scheduled[float]", "Scheduled[PositiveInt]", "list[float]", "list[int]", "tuple[int, float]"),
        *("int | None", "float | int", "int | float", "float | tuple[float, float]", "bool | int | None"),
        *("str | list[str]", "Duration | None", "Count | float", "list[float | None]"),
        *("Annotated[float, Gt(0), Le(1)]", "Annotated[int, Ge(1)]"),
    ],
)
def test_what_plainly_fits_the_model_takes_with_the_same_result(annotation: str) -> None:
    signature = thing(a=annotation)
    for value in VALUES:
        found = fitted(setting_type(annotation), value)
        if found is not UNCLEAR:
            values, faults = validated(signature, {"a": value})
            assert faults == {}
            assert (repr(values["a"]), type(values["a"])) == (repr(found), type(found))


@pytest.mark.parametrize(
    ("annotation", "value", "code", "message"),
    [
        ("float", True, "T302", "`a` of `thing` wants a number, found true"),
        ("int", True, "T302", "wants a whole number, found true"),
        ("int", 2.0, "T302", "wants a whole number, found the number 2"),
        ("bool", 1, "T302", "wants true or false, found the number 1"),
        ("str", 1, "T302", "wants a text, found the number 1"),
        ("File | None", 1, "T302", "wants the name of a file or none, found the number 1"),
        ("float", "1", "T302", 'wants a number, found the text "1"'),
        ("float", None, "T302", "wants a number, found none"),
        ("PositiveFloat", 0, "T303", "`a` of `thing` must be above 0, found 0"),
        ("NonNegativeInt", -1, "T303", "must be 0 or more, found -1"),
        ("Fraction", 1.5, "T303", "must be between 0 and 1, found 1.5"),
        ("Annotated[float, Ge(0.001)]", 1e-4, "T303", "must be 0.001 or more, found 0.0001"),
        ("Annotated[int, Le(3)]", 4, "T303", "must be at most 3, found 4"),
        ("float", float("inf"), "T303", "must be finite, found inf"),
        ("PositiveInt | None", 0, "T303", "must be above 0, found 0"),
        ("PositiveInt", Dim.of(0), "T303", "must be above 0, found 0"),
        ('Literal["a", "b"]', "c", "T302", 'wants one of "a", "b", found the text "c"'),
        ("list[PositiveInt]", (1, 0), "T303", "every item of `a` of `thing` must be above 0, found 0"),
        ("list[PositiveInt]", (1, "x"), "T302", 'an item of `a` of `thing` wants a whole number, found the text "x"'),
        ("list[PositiveInt]", 3, "T302", "wants a list of whole numbers, found the number 3"),
        ("tuple[float, float]", (1,), "T302", "wants a list of 2 numbers, found a list of 1"),
        ("tuple[float, float]", (1, 2, 3), "T302", "wants a list of 2 numbers, found a list of 3"),
        ("Duration", 100, "D501", "wants a duration, found the number 100"),
        ("list[Duration]", (3,), "D501", "wants a duration, found the number 3"),
        ("Duration | None", 100, "D501", "wants a duration or none, found the number 100"),
        ("Duration", "100ep", "T302", "wants a duration"),
        ("float", Duration(3, "ep"), "D502", "wants a number, found the duration 3ep"),
        ("Scheduled[float]", Duration(3, "ep"), "D502", "wants a number or a schedule, found the duration 3ep"),
        ("float", COSINE, "T304", "wants a number, found a schedule"),
        ("float | None", COSINE, "T304", "wants a number or none, found a schedule"),
        ("Scheduled[PositiveFloat]", Constant(-1.0), "T303", "must be above 0"),
        ("Count", 0, "T303", "must be at least 1"),
        ("Count", 0.1, "T302", "wants a count or a percentage, found the number 0.1"),
        ("Count", Duration(3, "ep"), "T302", "wants a count or a percentage, found the duration 3ep"),
        ("Count", Duration(120, "%"), "T303", "at most 100%, found 120%"),
    ],
)
def test_these_values_are_refused(annotation: str, value: Any, code: str, message: str) -> None:
    problem = refused(annotation, value)
    assert problem.code == code
    assert message in problem.message
    assert problem.span == ARGUMENT


def test_defaults_fill_what_is_left_out() -> None:
    values, problems = check(thing(a=("float", 1), b=("list[int]", (1, 2)), c=("float | None", None)), a=3)
    assert problems == []
    assert values == {"a": 3.0, "b": (1, 2), "c": None}


def test_everything_wrong_with_a_call_is_said_at_once() -> None:
    signature = thing(width="PositiveInt", p=("Fraction", 0.5), kind=('Literal["a", "b"]', "a"))
    _, problems = check(signature, p=2, kind="aa", widht=3)
    assert sorted(p.code for p in problems) == ["N203", "T302", "T303"]  # the width is there, under a wrong name


def test_an_unknown_argument_gets_a_suggestion_and_the_list() -> None:
    _, (problem,) = check(thing(width=("PositiveInt", 1), depth=("PositiveInt", 1)), widht=3)
    assert (problem.code, problem.help) == ("N203", "did you mean `width`?")
    assert problem.hints == ("it takes: width, depth",)
    _, (problem,) = check(thing(width=("PositiveInt", 1)), zzz=3)
    assert problem.help == "it takes: width"


def test_a_missing_argument_is_said_at_the_call() -> None:
    _, (problem,) = check(thing(lr="Scheduled[PositiveFloat]"))
    assert (problem.code, problem.span) == ("T301", CALL)
    assert problem.message == "`thing` needs `lr`"


def test_a_bare_number_for_a_duration_is_told_its_units() -> None:
    assert "`100ep`" in refused("Duration", 100).help
    assert "`100it`" in refused("Duration", 100).help


def test_a_schedule_in_the_wrong_place_is_told_the_right_ones() -> None:
    _, (problem,) = check(thing(p="float", lr=("Scheduled[float]", 1.0)), p=COSINE)
    assert problem.help == "of its settings, only `lr` accepts a schedule"


def test_a_near_choice_is_suggested() -> None:
    assert refused('Literal["group", "batch"]', "grup").help == 'did you mean `"group"`?'


def test_a_single_value_for_a_list_is_told_its_brackets() -> None:
    assert '`["bias"]`' in refused('list[Literal["bias", "norm"]]', "bias").help


def test_a_value_whose_fault_is_known_is_not_reported_again() -> None:
    unknown = object()
    given = {"a": (unknown, ARGUMENT), "b": (-1, ARGUMENT)}
    _, problems = check_settings(thing(a="float", b="PositiveInt"), given, CALL, unknown=unknown)
    assert [p.message for p in problems] == ["`b` of `thing` must be above 0, found -1"]


def test_other_values_are_called_what_the_caller_calls_them() -> None:
    _, (problem,) = check_settings(thing(a="float"), {"a": (object(), ARGUMENT)}, CALL, describe=lambda _: "a stream")
    assert problem.message == "`a` of `thing` wants a number, found a stream"


def test_settings_may_have_names_that_models_use_themselves() -> None:
    names = ("copy", "schema", "json", "model_config", "validate", "_private")
    values, problems = check(thing(**dict.fromkeys(names, ("int", 1))), copy=2)
    assert problems == []
    assert values == {"copy": 2, **dict.fromkeys(names[1:], 1)}


def test_a_default_outside_its_own_range_is_the_ops_fault() -> None:
    _, (problem,) = check(thing(p=("Fraction", 2.0)))
    assert problem.code == "R202"
    assert "the default of `p` of `thing` is not a number, between 0 and 1" in problem.message


def test_the_exported_schema_says_types_bounds_and_defaults() -> None:
    schema = settings_model(thing(p=("Fraction", 0.5), lr="Scheduled[PositiveFloat]", at="list[Duration]"))
    plain = schema.model_json_schema(by_alias=True)
    assert plain["additionalProperties"] is False
    assert plain["required"] == ["lr", "at"]
    assert plain["properties"]["p"] | {"title": ""} == {
        "type": "number", "minimum": 0, "maximum": 1, "default": 0.5, "title": "",
    }  # fmt: skip
    assert {"type": "number", "exclusiveMinimum": 0} in plain["properties"]["lr"]["anyOf"]
    assert plain["properties"]["at"]["items"]["type"] == "string"


def test_every_shipped_op_has_a_schema() -> None:
    library = Library.shipped(installed=False)
    for name in library.names():
        signature = library.get(name)
        assert signature is not None
        assert set(export(signature)["settings"]["properties"]) == {s.name for s in signature.settings}
