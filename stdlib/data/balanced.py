"""A data set whose classes, or clusters, come equally often."""

from ssldsl.ops import op
from ssldsl.ops.data import Data
from ssldsl.ops.samples import GROUP, field_of, with_fields


@op(paper="assran2021paws", drawn_by="by")
def balanced(data: Data, *, by: str = "label") -> Data:
    r"""Class-balanced sampling: the samples are drawn so that every batch has as many of every class.

    $$ c_1, c_2, \ldots \text{ in rounds of all } C \text{ classes}, \qquad
       \text{of each class every sample once, then again} $$

    A batch of n times C rows has n of every class; another number of rows, as many up to one or two. No sample of a
    class comes again before all others of the class came. An epoch is as long as it would be, so samples of a rare
    class come several times in it, each time with other views, and some of a frequent one not at all.
    `by`: the field that says the class, such as the `cluster` of `kmeans_labels`. What is made of the data afterwards
    stays balanced; only what is `joined` with others does not. So labels by which data are drawn are not taken away.

    Source: Assran et al., ICCV 2021 (PAWS), sec. 4: the batches of support samples. Shu et al. and others: oversampling
    of rare classes. What a step draws depends on the seed and the step alone, for any number of processes.
    """
    groups = field_of(data, by)
    if groups is None or groups.ndim != 1 or groups.is_floating_point():
        raise ValueError(f"samples with {', '.join(data.fields)} have no whole numbers `{by}` to be balanced by")
    return with_fields(data, **{GROUP: groups.cpu()})
