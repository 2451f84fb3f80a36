"""Accuracy in which every class counts alike."""

from torch import Tensor

from ssldsl.ops import Labels, Logits, op


@op(paper="brodersen2010balanced")
def balanced_accuracy(logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]) -> float:
    r"""Balanced accuracy: the mean over classes of the fraction of their samples that are classified right.

    $$ A = \frac{1}{|K|} \sum_{k \in K} \frac{\#\{n : y_n = k = \arg\max_c z_{nc}\}}{\#\{n : y_n = k\}} $$

    K are the classes that have samples. Source: Brodersen et al., ICPR 2010, sec. II. In [0, 1]; chance is one over the
    number of classes, however uneven they are. A sample with a score that is not a number is wrong.
    """
    right = (logits.argmax(dim=1) == labels) & ~logits.isnan().any(dim=1)
    sizes = labels.bincount().double()
    recalls = labels.bincount(weights=right.double()) / sizes
    return float(recalls[sizes > 0].mean())
