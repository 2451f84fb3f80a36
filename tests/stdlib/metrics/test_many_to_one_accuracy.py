import torch

from ssldsl.stdlib.metrics.clustering_accuracy import clustering_accuracy
from ssldsl.stdlib.metrics.many_to_one_accuracy import many_to_one_accuracy


def test_the_example_of_the_book_comes_out() -> None:
    # Manning et al. 2008, fig. 16.4: purity (5 + 4 + 3) / 17
    clusters = torch.tensor([0] * 6 + [1] * 6 + [2] * 5)
    labels = torch.tensor([0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 2, 0, 0, 2, 2, 2])
    assert many_to_one_accuracy(torch.eye(3)[clusters], labels) == 12 / 17


def test_several_clusters_may_be_one_class() -> None:
    logits, labels = torch.eye(4), torch.tensor([0, 0, 1, 1])
    assert many_to_one_accuracy(logits, labels) == 1 and clustering_accuracy(logits, labels) == 0.5
