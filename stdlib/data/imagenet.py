"""ImageNet (ILSVRC 2012): 1.3 million photographs of a thousand kinds of things."""

from functools import partial

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import find
from ssldsl.stdlib.data.image_folder import class_names, folder_splits, read_split


@op(
    paper="russakovsky2015imagenet",
    splits={"train": 1281167, "val": 50000},
    fields={"image": "3 height width"},
    classes=1000,
)
def imagenet(*, root: str = "") -> Splits:
    """ImageNet: photographs of any size, from `train/<class>/` and `val/<class>/` in `root` or in `root/imagenet`.

    Source: Russakovsky et al., International Journal of Computer Vision 115(3), 2015. The public validation images are
    the split `val`, on which results are reported; to choose settings, hold out some training images (`holdout`), as
    Zhai et al., ICCV 2019, did with 50,046. A part of it, or a copy with other classes, is an `image_folder`.
    """
    how = "To get it: register at image-net.org, and let torchvision.datasets.ImageNet unpack the two archives"
    places = ["imagenet/train", "ImageNet/train", "ILSVRC2012/train", "train"]
    folder = find("imagenet", places, root, how).parent
    classes = partial(class_names, folder / "train")
    return folder_splits(
        imagenet, {name: partial(read_split, folder / name, classes) for name in ("train", "val")}, classes
    )
