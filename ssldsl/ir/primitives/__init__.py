"""The ops that the language has of itself. Each is a file here, and is known by what that file says of it."""

from collections.abc import Mapping

from ssldsl.ir.primitive import Primitive
from ssldsl.ir.primitives import (
    apply,
    beside,
    compare,
    compose,
    concat,
    draw,
    draws,
    field,
    full_dataset,
    gather,
    held,
    index,
    local,
    mean,
    net,
    output,
    product,
    repeat_rows,
    row_mean,
    rows,
    slice,
    source,
    split,
    stop,
    sum,
    weighted_sum,
)

_FILES = (
    *(source, split, draw, full_dataset, rows, draws, index, repeat_rows),
    *(net, compose, apply, output, beside),
    *(field, stop, concat, slice, mean, sum, gather, local, held),
    *(row_mean, weighted_sum, product, compare),
)
PRIMITIVES: Mapping[str, Primitive] = {file.PRIMITIVE.name: file.PRIMITIVE for file in _FILES}
NETWORKS = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.is_network)
WITH_BATCH = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.comes_with_batch)
OF_STAGES = frozenset(name for name, primitive in PRIMITIVES.items() if ("stage", "stage") in primitive.names)
COMMUTATIVE = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.is_commutative)
KEEPS_NUMBERS = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.keeps_numbers)
