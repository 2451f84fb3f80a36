"""Types as plain data: all that a type says is kept, and nothing has to be read from text."""

import pytest
from pydantic import TypeAdapter

from ssldsl.graph.plan_types import (
    DataPlan,
    NetPlan,
    Product,
    TensorPlan,
    TypePlan,
    is_of_kind,
    known,
    planned,
    tensors_of,
    with_tensors,
)
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType, Type

IMAGES = TensorType("Images", (Dim.of("B_labeled") * 4 + 2, 3, "height", "width"))
LABELS = TensorType("Labels", ("batch",), Dim.of("K"))
DATA = DataType((("image", IMAGES), ("label", LABELS)), Dim.of("n"), "test", "pseudo(joint)", "unlabel(images.train)")
TYPES: list[Type] = [
    IMAGES,
    LABELS,
    TensorType("Scalar"),
    TupleType((("images", IMAGES), ("angles", LABELS))),
    NetType(None, TensorType("Logits", ("batch", 10)), couples_batch=True),
    NetType(IMAGES, TensorType("Features", ("batch", 128))),
    DATA,
    SplitsType((("train", DATA), ("test", DATA))),
]


@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_a_type_comes_back_from_json(type_: Type) -> None:
    form = TypeAdapter(TypePlan)
    assert known(form.validate_json(form.dump_json(planned(type_)))) == type_


def test_a_size_is_a_number_where_it_is_known() -> None:
    made = planned(TensorType("Images", (50, Dim.of("B_labeled") * 4 + 2)))
    product = Product(factor=4, symbols=("B_labeled",))
    assert made == TensorPlan(kind="Images", dims=(50, (Product(factor=2, symbols=()), product)))


def test_every_tensor_in_a_type_is_found() -> None:
    found = [[tensor.kind for tensor in tensors_of(planned(type_))] for type_ in TYPES]
    both = ["Images", "Labels"]
    assert found == [["Images"], ["Labels"], ["Scalar"], both, ["Logits"], ["Images", "Features"], both, both * 2]


def test_every_tensor_in_a_type_can_be_changed() -> None:
    def named(tensor: TensorPlan) -> TensorPlan:
        return tensor.model_copy(update={"kind": "Values"})

    for type_ in TYPES:
        assert {tensor.kind for tensor in tensors_of(with_tensors(planned(type_), named))} == {"Values"}


def test_only_a_tensor_is_of_a_kind() -> None:
    points = TensorPlan(kind="Points")
    assert is_of_kind(points, "Points")
    assert not is_of_kind(TensorPlan(kind="Images"), "Points")
    assert not is_of_kind(DataPlan(fields={"points": points}, size=3), "Points")
    assert not is_of_kind(NetPlan(target=points), "Points")
