"""How often a sample is right, every class counting as much as any other."""

from torch import Tensor

from ssldsl.ops import Labels, Logits, op


@op(paper="brodersen2010balanced")
def balanced_accuracy(logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]) -> float:
    r"""Mean over the classes of the fraction of their samples whose highest score is at the true class.

    $$ A = \frac{1}{|K|} \sum_{k \in K} \frac{\#\{n : y_n = k = \arg\max_c z_{nc}\}}{\#\{n : y_n = k\}} $$

    K are the classes that have samples. Source: Brodersen et al., ICPR 2010, sec. II. In [0, 1]; chance is one over the
    number of classes, however uneven they are. A sample with a score that is not a number is wrong.
    """
    right = (logits.argmax(dim=1) == labels) & ~logits.isnan().any(dim=1)
    sizes = labels.bincount().double()
    recalls = labels.bincount(weights=right.double()) / sizes
    return float(recalls[sizes > 0].mean())
