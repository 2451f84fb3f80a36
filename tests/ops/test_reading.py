"""Signatures from source text: what is understood, and what is refused where."""

import sys
from textwrap import dedent

import pytest

from ssldsl.errors import SpecError
from ssldsl.ops.reading import read_signature, read_signatures
from ssldsl.ops.signature import REQUIRED, Edge, Output, Signature

LOSS = '''
"""A loss."""
import torch_that_does_not_exist
from ssldsl.ops import Labels, Logits, Net, Scalar, op

SCALE = 2 * 0.5

@op(paper="someone2020", batch_coupled={"kind": "a"}, across="gather")
def margin(
    net: Net,
    logits: Logits[Tensor, "batch classes"],
    labels: Labels[Tensor, "batch"] | None = None,
    *,
    rng: SampleRng,
    scale: PositiveFloat = SCALE,
    weight: Scheduled[Fraction],
    sizes: list[PositiveInt] = [-1, 8 / 4],
    kind: Literal["a", "b"] | None = None,
) -> Scalar[Tensor, ""]:
    """How far the best wrong class is behind.

    $$ L = 0 $$
    """
    raise SystemExit("never run")
'''

MODULE = '''
@op()
class TinyNet(nn.Module):
    """Two layers."""

    def __init__(self, channels: PositiveInt, *, width: PositiveInt = 8) -> None:
        super().__init__()
        self.width = width
        self.first, self.second = nn.Linear(channels, width), nn.Linear(width, width)
        if width > 4:
            self.third = nn.ReLU() if width > 5 else nn.Identity()
        self._hidden = nn.ReLU()

    def forward(self, images: Images[torch.Tensor, "batch channels n n"]) -> Features[Tensor, "batch {2 * width}"]:
        """Forward."""

    def commit(self) -> None:
        """Write the state."""
'''


def read(text: str, role: str = "losses", path: str = "ops/margin.py") -> Signature:
    return read_signature(path, text, role)  # type: ignore[arg-type]  # a role of the tests' own


def fault(text: str, role: str = "losses", path: str = "ops/margin.py") -> str:
    with pytest.raises(SpecError) as caught:
        read(dedent(text), role, path)
    return str(caught.value)


def test_edges_of_a_function_carry_kind_and_dimensions() -> None:
    assert read(LOSS).edges == (
        Edge("net", "Net"),
        Edge("logits", "Logits", ("batch", "classes")),
        Edge("labels", "Labels", ("batch",), optional=True),
    )


def test_settings_carry_annotation_and_default() -> None:
    settings = {s.name: s for s in read(LOSS).settings}
    assert list(settings) == ["scale", "weight", "sizes", "kind"]
    assert (settings["scale"].annotation, settings["scale"].default) == ("PositiveFloat", 1.0)
    assert settings["weight"].default is REQUIRED
    assert settings["weight"].scheduled
    assert settings["sizes"].default == (-1, 2.0)
    assert settings["kind"].annotation == "Literal['a', 'b'] | None"


def test_the_random_argument_is_no_setting() -> None:
    assert read(LOSS).uses_rng
    assert read(LOSS).setting("rng") is None


def test_facts_and_docstring_are_read() -> None:
    signature = read(LOSS)
    assert (signature.traits.paper, signature.traits.across) == ("someone2020", "gather")
    assert signature.traits.batch_coupled == {"kind": "a"}
    assert signature.summary == "How far the best wrong class is behind."
    assert "$$ L = 0 $$" in signature.doc


def test_reading_imports_nothing() -> None:
    read(LOSS)
    assert "torch_that_does_not_exist" not in sys.modules


def test_a_module_has_sizes_settings_parts_and_state() -> None:
    signature = read(MODULE, "nets", "tiny_net.py")
    assert signature.name == "tiny_net"
    assert signature.is_module
    assert signature.sizes == ("channels",)
    assert [s.name for s in signature.settings] == ["width"]
    assert signature.edges == (Edge("images", "Images", ("batch", "channels", "n", "n")),)
    assert signature.outputs == (Output("", "Features", ("batch", "{2*width}")),)
    assert signature.parts == ("first", "second", "third")
    assert signature.has_commit


def test_a_named_tuple_gives_several_outputs() -> None:
    text = """
    class Turned(NamedTuple):
        images: Images[Tensor, "4*batch channels size size"]
        angles: Labels[Tensor, "4*batch"]

    @op()
    def turn(images: Images[Tensor, "batch channels size size"]) -> Turned: ...
    """
    assert read(dedent(text), "views", "turn.py").outputs == (
        Output("images", "Images", ("4*batch", "channels", "size", "size")),
        Output("angles", "Labels", ("4*batch",)),
    )


def test_schedules_and_optimizers_have_edges_of_their_own() -> None:
    schedule = read("@op()\ndef margin(step: Time, steps: Time, *, to: float = 0.0) -> float: ...", "schedules")
    assert [e.kind for e in schedule.edges] == ["Time", "Time"]
    text = "@op()\ndef margin(parameters: list[dict[str, Any]], *, lr: float) -> torch.optim.Optimizer: ..."
    optimizer = read(text, "optimizers")
    assert [e.kind for e in optimizer.edges] == ["Parameters"]
    assert optimizer.outputs == ()


def test_lists_and_detached_edges_are_told_apart() -> None:
    text = """
    @op()
    def margin(views: list[Logits[Tensor, "batch classes"]], q: Detached[Probs[Tensor, "batch classes"]]) -> float: ...
    """
    views, target = read(dedent(text)).edges
    assert (views.many, views.kind, views.detached) == (True, "Logits", False)
    assert (target.many, target.kind, target.detached) == (False, "Probs", True)


@pytest.mark.parametrize(
    ("text", "code", "message", "place"),
    [
        ("def margin(:", "R201", "not valid Python", "margin.py:1:12"),
        ("x = 1\0", "R201", "not valid Python", "margin.py:1:1"),
        ("def margin(): ...", "R203", "has no op `margin`", "margin.py:1:1"),
        ("@op()\ndef other() -> float: ...", "R203", "has no op `margin`", "margin.py:2:5"),
        ("@op\ndef margin() -> float: ...", "R202", "needs its parentheses", "margin.py:1:2"),
        ("@op(papers='x')\ndef margin() -> float: ...", "R202", "no trait `papers`", "margin.py:1:5"),
        ("@op(splits={'train': N})\ndef margin() -> float: ...", "R202", "`N` is not a literal", "margin.py:1:22"),
        ("@op()\ndef margin(x) -> float: ...", "R202", "the edge `x` has no annotation", "margin.py:2:12"),
        ("@op()\ndef margin(x: Tensor) -> float: ...", "R202", "`Tensor` is no kind of edge", "margin.py:2:15"),
        ("@op()\ndef margin(x: Logits) -> float: ...", "R202", "lacks its shape", "margin.py:2:15"),
        ("@op()\ndef margin(x: float) -> float: ...", "R202", "is the type of a setting", "margin.py:2:15"),
        ('@op()\ndef margin(x: Logits[Tensor, "b c?"]) -> float: ...', "R202", "`c?` is not a size", "margin.py:2:30"),
        ("@op()\ndef margin(*, x: dict) -> float: ...", "R202", "`dict` is no type of a setting", "margin.py:2:18"),
        ("@op()\ndef margin(*, x) -> float: ...", "R202", "the setting `x` has no annotation", "margin.py:2:15"),
        ("@op()\ndef margin(*, x: int = f()) -> float: ...", "R202", "`f()` is not a literal", "margin.py:2:24"),
        ("@op()\ndef margin(*, x: Scheduled[str]) -> float: ...", "R202", "only a number", "margin.py:2:18"),
        ("@op()\ndef margin(*, x: Annotated[int, Up(1)]): ...", "R202", "`Up(1)` is no bound", "margin.py:2:33"),
        ("@op()\ndef margin(*, x: Annotated[str, Ge(1)]): ...", "R202", "is no bound of a number", "margin.py:2:33"),
        ("@op()\ndef margin(*x: int) -> float: ...", "R202", "any number of arguments", "margin.py:2:13"),
        ("@op()\ndef margin(): ...", "R202", "does not say what it gives", "margin.py:2:5"),
        ("@op()\ndef margin() -> tuple[int, int]: ...", "R202", "several values without names", "margin.py:2:17"),
        ("@op()\nclass Margin: ...", "R202", "has no `forward`", "margin.py:2:7"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_at_its_place(text: str, code: str, message: str, place: str) -> None:
    said = fault(text)
    assert f"error[{code}]" in said
    assert message in said
    assert place in said


NETWORK = """
class Pair(NamedTuple):
    a: Features[Tensor, "batch 16"]
    b: Features[Tensor, "places 16"]

@op(role="nets")
class Margin(nn.Module):
    def forward(self, images: Images[Tensor, "batch c h w"]{edge}) -> {result}: ...
"""


@pytest.mark.parametrize(
    ("edge", "result", "message"),
    [
        ("", "Pair", "`b` of `Margin` has no row for every row of `a`"),
        (
            ', centers: Features[Tensor, "classes d"]',
            'Features[Tensor, "batch 16"]',
            "`centers` is no input of a network such as `Margin`",
        ),
        (", net: Net", 'Features[Tensor, "batch 16"]', "`net` is no input of a network such as `Margin`"),
        (
            ', views: list[Features[Tensor, "batch d"]]',
            'Features[Tensor, "batch 16"]',
            "`views` is no input of a network such as `Margin`",
        ),
    ],
)
def test_all_that_a_network_takes_and_gives_has_a_row_for_every_row(edge: str, result: str, message: str) -> None:
    said = fault(NETWORK.format(edge=edge, result=result), role="nets")
    assert said.count("error[R202]") == 1
    assert message in said
    assert "margin.py:8:9" in said


def test_further_inputs_and_outputs_of_a_network_are_read() -> None:
    text = """
class Seen(NamedTuple):
    features: Features[Tensor, "batch 16"]
    tokens: Features[Tensor, "batch kept|rows*columns 16"]

@op(role="nets")
class Margin(nn.Module):
    def forward(
        self,
        images: Images[Tensor, "batch c rows columns"],
        kept: Places[Tensor, "batch kept; rows*columns"] | None = None,
    ) -> Seen: ...
"""
    signature = read_signature("margin.py", text, "nets")
    assert [(e.name, e.kind, e.optional, e.count) for e in signature.edges] == [
        ("images", "Images", False, ""),
        ("kept", "Places", True, "rows*columns"),
    ]
    assert [(o.name, o.dims) for o in signature.outputs] == [
        ("features", ("batch", "16")),
        ("tokens", ("batch", "kept|rows*columns", "16")),
    ]


def test_all_faults_of_a_file_are_said_at_once() -> None:
    said = fault("@op()\ndef margin(x, *, y, z: dict) -> list[int]: ...")
    assert said.count("error[R202]") == 4


def test_places_count_characters_not_bytes() -> None:
    assert "margin.py:2:23" in fault("@op()\ndef margin(ä: Net, ö: float) -> float: ...")


def test_a_file_nested_beyond_measure_is_refused() -> None:
    assert "R201" in fault("x = " + "(" * 5000)


def test_a_users_file_may_hold_several_ops() -> None:
    text = """
    @op()
    def blur(images: Images[Tensor, "batch c h w"], *, rng: SampleRng) -> Images[Tensor, "batch c h w"]: ...

    def not_an_op(x): ...

    @op()
    class MyNet(nn.Module):
        def __init__(self, c: PositiveInt) -> None: ...
        def forward(self, images: Images[Tensor, "batch c h w"]) -> Features[Tensor, "batch {2*c}"]: ...
    """
    found = read_signatures("mine.py", dedent(text))
    assert [(s.name, s.role) for s in found] == [("blur", "views"), ("my_net", "nets")]


@pytest.mark.parametrize(
    ("definition", "role"),
    [
        ('def f(x: Logits[Tensor, "batch c"]) -> Scalar[Tensor, ""]: ...', "losses"),
        ('def f(x: Logits[Tensor, "batch c"]) -> Probs[Tensor, "batch c"]: ...', "targets"),
        ('def f(x: Logits[Tensor, "n c"], y: Labels[Tensor, "n"]) -> float: ...', "metrics"),
        ("def f(step: Time, steps: Time) -> float: ...", "schedules"),
        ("def f(*, n: int = 3) -> Splits: ...", "data"),
        ("def f(data: Data, *, n: int = 3) -> Data: ...", "data"),
        ("def f(parameters: list[dict], *, lr: float) -> Optimizer: ...", "optimizers"),
    ],
)
def test_the_role_of_a_users_op_follows_from_its_signature(definition: str, role: str) -> None:
    (signature,) = read_signatures("mine.py", f"@op()\n{definition}")
    assert signature.role == role


MEMORY = """
@op()
class Last(nn.Module):
    def forward(self, logits: Logits[Tensor, "batch c"]) -> Logits[Tensor, "batch c"]: ...
"""


def test_a_users_module_that_commits_is_a_memory() -> None:
    (signature,) = read_signatures("mine.py", MEMORY + "    def commit(self, logits: Tensor) -> None: ...\n")
    assert (signature.role, signature.has_commit, signature.given_sizes) == ("memory", True, ())


@pytest.mark.parametrize(
    ("commit", "message"),
    [
        ("", "the memory `Last` has no `commit`"),
        ("    def commit(self, scores: Tensor) -> None: ...", "`commit` takes scores, and `forward` logits"),
        ("    def commit(self) -> None: ...", "`commit` takes nothing, and `forward` logits"),
    ],
)
def test_a_memory_writes_what_it_reads(commit: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_signatures("mine.py", MEMORY.replace("@op()", '@op(role="memory")') + commit + "\n")


def test_the_role_of_a_users_op_can_be_said() -> None:
    text = '@op(role="heads")\ndef f(x: Logits[Tensor, "batch c"]) -> Probs[Tensor, "batch c"]: ...'
    assert read_signatures("mine.py", text)[0].role == "heads"


def test_a_users_file_without_ops_is_refused() -> None:
    with pytest.raises(SpecError, match="R203"):
        read_signatures("mine.py", "x = 1")
