"""What a trait of an op names must be there: a setting, an edge, a size of its tensors."""

from collections.abc import Collection, Iterator, Mapping

from ssldsl.errors import listed
from ssldsl.ops.decorator import OpTraits
from ssldsl.ops.signature import Signature

_WORDS: dict[str, tuple[str, ...]] = {"across": ("", "mean", "gather"), "picture": ("", "confusion", "decisions")}
_SETTINGS = ("holds", "batch_rows", "least_rows", "random", "drawn_by")  # traits that may name a setting
_MAPS = ("batch_coupled", "keeps_prediction", "identity")  # whose keys are settings
_EDGES = ("applied_to", "copies")


def unfit_traits(signature: Signature) -> Iterator[tuple[str, str]]:
    """What is wrong with the traits of an op, each with a way out."""
    settings, edges = [s.name for s in signature.settings], [e.name for e in signature.edges]
    sizes = list(dict.fromkeys(dim for edge in signature.edges for dim in edge.dims))
    traits = signature.traits
    for name, words in _WORDS.items():
        if getattr(traits, name) not in words:
            yield f"`{name}` is {listed(words[1:], 'or')}", f"leave `{name}` out, or write one of them"
    for name, said, known, what in _names(traits, signature, settings, edges, sizes):
        if said not in known:
            help = f"there are: {listed(known)}" if known else f"the op has no {what}s"
            yield f'`{name}="{said}"` names no {what} of `{signature.name}`', help
    if traits.provenance and traits.classes is None:
        example = next((size for size in reversed(sizes) if size.isidentifier()), "classes")
        help = f'such as `@op(provenance="{traits.provenance}", classes="{example}")`'
        yield f"`{signature.name}` computes labels, and `classes` does not say how many there are", help


def _names(
    traits: OpTraits, signature: Signature, settings: list[str], edges: list[str], sizes: list[str]
) -> Iterator[tuple[str, str, Collection[str], str]]:
    """Trait, what it names, what there is, and what that is called."""
    for name in _SETTINGS:
        said = getattr(traits, name)
        if isinstance(said, str) and said:
            yield name, said, settings, "setting"
    for name in _MAPS:
        said = getattr(traits, name)
        yield from ((name, key, settings, "setting") for key in (said if isinstance(said, Mapping) else ()))
    for name in _EDGES:
        if said := getattr(traits, name):
            yield name, said, edges, "edge"
    if traits.uniform:
        yield "uniform", traits.uniform, sizes, "size"
    if signature.role == "data":
        yield from (("size", name, edges, "edge") for name in sorted({*signature.joins, signature.excludes} - {""}))
        if signature.counting:
            yield "size", signature.counting, settings, "setting"
        if isinstance(traits.classes, str) and signature.edges:
            yield "classes", traits.classes, [*sizes, *settings], "size or setting"
