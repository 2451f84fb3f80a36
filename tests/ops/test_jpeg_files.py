from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from ssldsl.ops.image_files import read_pixels
from ssldsl.ops.jpeg_files import frame_of, read_jpeg

PIXELS = np.random.default_rng(0).integers(0, 256, (21, 30, 3), dtype=np.uint8)


def by_pillow(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.array(ImageOps.exif_transpose(image).convert("RGB"))).permute(2, 0, 1)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("how", [{"quality": 95}, {"subsampling": 2}, {"progressive": True}, {"quality": 10}])
def test_pixels_are_those_of_pillow(mode: str, how: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(PIXELS).convert(mode).save(path, **how)
    assert torch.equal(read_pixels(path), by_pillow(path))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=exif)
    found = read_jpeg(tmp_path / "a.jpg")
    assert found is not None and torch.equal(found, by_pillow(tmp_path / "a.jpg"))


def test_four_colors_and_other_formats_are_left_to_pillow(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).convert("CMYK").save(tmp_path / "a.jpg")
    Image.fromarray(PIXELS).save(tmp_path / "b.jpg", format="PNG")
    assert read_jpeg(tmp_path / "a.jpg") is None and read_jpeg(tmp_path / "b.jpg") is None
    assert torch.equal(read_pixels(tmp_path / "b.jpg"), torch.from_numpy(PIXELS).permute(2, 0, 1))


def test_a_frame_is_found_behind_the_tables_that_stand_before_it(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", progressive=True, dpi=(72, 72), comment=b"\xff\xc0 is no frame")
    assert frame_of((tmp_path / "a.jpg").read_bytes()) == (8, 21, 30, 3)
    assert frame_of(b"\xff\xd8\xff\xd9") is None and frame_of(b"") is None
