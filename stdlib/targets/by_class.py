"""From one number per class to one number per row."""

from torch import Tensor

from ssldsl.ops import Labels, Values, op


@op()
def by_class(values: Values[Tensor, "classes"], labels: Labels[Tensor, "batch"]) -> Values[Tensor, "batch"]:
    r"""Value of every row's class, out of one value per class: per-class thresholds or weights.

    $$ v_b = t_{y_b} $$

    A threshold for every class: `confidence(p) >= by_class(thresholds, hard_labels(p))`.

    Source: common practice; no paper. In the range of the values.
    """
    return values[labels]
