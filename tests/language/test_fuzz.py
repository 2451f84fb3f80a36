"""Whatever the text, `check` gives diagnostics and no exception; a program is there exactly if nothing is an error."""

import re
from collections.abc import Callable
from pathlib import Path

from attrs import evolve, fields
from corpus_files import FILES, FOLDER, inside
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from snippets import USUAL, snippets
from syntax_trees import printed

from ssldsl.check import check_everything
from ssldsl.check.resolving import resolve
from ssldsl.errors import render
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse, parse_expression

ROOT = Path(__file__).parents[2]
SHIPPED = [*sorted((ROOT / "specs").glob("*.ssl")), *sorted((ROOT / "tests" / "syntax" / "specs").glob("*.ssl"))]
TEXTS = [path.read_text("utf-8") for path in (*SHIPPED, *FILES) if "without-end" not in path.stem]
TEXTS += [snippet.whole for snippet in snippets(ROOT / "docs" / "language.md", "ssl")]
PIECES = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|[A-Za-z_]\w*|[\d.]+\w*%?|\s+|#[^\n]*|>>|\*\*|[<>=!]=|->|.", re.DOTALL)
POOL = sorted({p for text in TEXTS for p in PIECES.findall(text) if not p.isspace() and not p.startswith("#")})
TREES = [result.file for text in TEXTS if not (result := parse(Source("t.ssl", text))).diagnostics]
VALUES = """
1 | 0 | -1 | 0.5 | true | none | "a" | 3ep | 5it | 10% | [1, 2] | [] | {} | {labeled: 5} | {classes: {lr: 0.5}} | images
images.train | images.test | labeled | unlabeled | encoder | classes | encoder >> classes | encoder.dim | images.classes
labeled.label | labeled.size | random_shift(1) | flip() | rotate4() | convnet() | resnet18() | linear(4) | l2norm()
softmax() | linear(encoder.dim, 4) | mlp_head(hidden=[4], out=3) | ce(labeled) | vat(unlabeled) | entmin(unlabeled)
cosine() | mean(entmin([labeled, unlabeled])) | warmup(3ep) then cosine() | 0.1 * cosine() | sgd(lr=0.1)
polyak(half_life=1ep) | swa() | ema(encoder, half_life=1ep) | weights("a.pt") | draw(2, random_shift(unlabeled))
first(draw(2, flip(labeled)), 1) | stop(classes(encoder(labeled))) | concat([labeled, unlabeled])
probabilities(classes(encoder(unlabeled))) | mean([])
entropy(classes(encoder(labeled))) | top1(images.test) | knn(images.test, images.train) | confusion_matrix(images.test)
subset(images.train, 10%) | unlabel(images.train) | images.train >> flip() | labeled >> random_shift(2) | two_moons()
mean | holdout(images.train, 100) | cifar10() | mlp() | draw | rotation | sgd | 1 < 2 | not true | 1 / 0 | 2 ** 100
ce(labeled) as x | pretrain | pretrain.average | image_folder("x") | timm_model(name="resnet18") | x | joint.encoder
kl(classes(encoder(labeled)), stop(probabilities(classes(encoder(labeled)))))
"""
EXPRESSIONS = [parse_expression(Source("e", text.strip())) for text in re.split(r" \| |\n", VALUES.strip())]

few = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.generate],
    database=None,
)


def check_never_crashes(text: str) -> None:
    source = Source("fuzzed.ssl", text)
    with inside(FOLDER):
        result = check_everything(source)
    for diagnostic in result.diagnostics:
        assert render(diagnostic).startswith(f"{diagnostic.severity}[{diagnostic.code}]: ")
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(diagnostic.span.source.text)
        assert diagnostic.span.source.name == "fuzzed.ssl" or diagnostic.span.source.name.startswith("files")
    assert (result.program is None) == any(d.severity == "error" for d in result.diagnostics)
    if result.program is not None:
        again = check_everything(Source("resolved.ssl", resolve(result))).program
        assert again is not None
        assert [t.name for s in again.stages for t in s.terms] == [
            t.name for s in result.program.stages for t in s.terms
        ]


@few
@given(st.data())
def test_specs_with_other_words_in_them(data: st.DataObject) -> None:
    pieces = PIECES.findall(data.draw(st.sampled_from(TEXTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(pieces) - 1))
        match data.draw(st.sampled_from(["put", "put", "insert", "drop", "swap", "cut"])):
            case "put":
                pieces[at] = data.draw(st.sampled_from(POOL))
            case "insert":
                pieces.insert(at, f" {data.draw(st.sampled_from(POOL))} ")
            case "drop":
                del pieces[at : at + data.draw(st.integers(1, 3))]
            case "swap":
                other = data.draw(st.integers(0, len(pieces) - 1))
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case _:
                pieces[at] = pieces[at][: len(pieces[at]) // 2]
        pieces = pieces or [" "]
    check_never_crashes("".join(pieces))


@few
@given(st.data())
def test_specs_with_other_characters_in_them(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text)))
        put = data.draw(st.text(st.sampled_from("()[]{}.,:=|>+-*/#\"'% \n\t01aelnst_éλ\x00"), max_size=3))
        text = text[:at] + put + text[at + data.draw(st.integers(0, 3)) :]
    check_never_crashes(text)


@few
@given(st.data())
def test_well_formed_specs_with_other_expressions_in_them(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(TREES))
    for _ in range(data.draw(st.integers(1, 3))):
        places = expressions_in(file.statements)
        if places:
            old = places[data.draw(st.integers(0, len(places) - 1))]
            file = replaced(file, old, data.draw(st.sampled_from(EXPRESSIONS)))
    check_never_crashes(printed(file))


@few
@given(st.data())
def test_specs_put_together_at_random(data: st.DataObject) -> None:
    expression = st.sampled_from([e.span.text for e in EXPRESSIONS])
    joined = st.builds("{} {} {}".format, expression, st.sampled_from(["+", "*", ">>", "|", "then", "-"]), expression)
    names = ["images", "labeled", "unlabeled", "encoder", "classes", "x", "joint"]
    name = st.sampled_from(names)
    value = expression | joined
    statement = st.one_of(
        st.builds("{} {} = {}".format, st.sampled_from(["data", "stream", "view", "net", "head", "let"]), name, value),
        st.builds("param {}: {} = {}".format, name, st.sampled_from(["float", "count", "schedule"]), value),
        st.builds("{} = {}".format, st.sampled_from(["loss", "batch", "run", "optimizer", "clock", "average"]), value),
        st.builds("eval {}".format, value),
        st.builds("train {}, {}".format, name, name),
        st.builds("init {} from {}".format, name, value),
        st.builds("def f(x, using net = {}) = {}".format, value, value),
        st.builds("variant v {{ set {} = {} drop {} }}".format, name, value, name),
    )
    written = data.draw(st.lists(statement, max_size=4))
    declared = " ".join(written)
    usual = [line for name, line in USUAL.items() if f" {name} = " not in f" {declared}"]
    check_never_crashes("\n".join(["ssl 1", *usual, *written]))


def expressions_in(node: object) -> list[tree.Expr]:
    """Every expression of a tree."""
    return [n for n in nodes_in(node) if isinstance(n, tree.Expr)]


def nodes_in(node: object) -> list[object]:
    if isinstance(node, tuple):
        return [n for item in node for n in nodes_in(item)]
    if not type(node).__module__.endswith("syntax.tree"):
        return []
    return [node, *(n for f in fields(type(node)) if f.name != "span" for n in nodes_in(getattr(node, f.name)))]


def replaced(node: tree.File, old: object, new: object) -> tree.File:
    """The tree with one node, by identity, replaced."""

    def visit(value: object) -> object:
        if value is old:
            return new
        if isinstance(value, tuple):
            return tuple(map(visit, value))
        if not type(value).__module__.endswith("syntax.tree"):
            return value
        changed = {f.name: visit(getattr(value, f.name)) for f in fields(type(value)) if f.name != "span"}
        return evolve(value, **{name: v for name, v in changed.items() if v is not getattr(value, name)})

    apply: Callable[[object], object] = visit
    result = apply(node)
    assert isinstance(result, tree.File)
    return result
