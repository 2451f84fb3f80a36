"""Pictures as files have them: of every depth and way up, broken in every way, in folders of every shape."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.image_files import is_image_file, read_image, visible_files

RAMP = np.linspace(0, 1, 12).reshape(3, 4)


def saved(path: Path, pixels: np.ndarray, **how: object) -> Path:
    Image.fromarray(pixels).save(path, **how)
    return path


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("bytes.png", np.round(RAMP * 255).astype(np.uint8)),
        ("sixteen.png", np.round(RAMP * 65535).astype(np.uint16)),
        ("sixteen.tif", np.round(RAMP * 65535).astype(np.uint16)),
        ("sixteen.pgm", np.round(RAMP * 65535).astype(np.uint16)),
        ("floats.tif", RAMP.astype(np.float32)),
    ],
)
def test_gray_of_every_depth_is_the_same_gray(name: str, pixels: np.ndarray, tmp_path: Path) -> None:
    found = read_image(saved(tmp_path / name, pixels))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.from_numpy(RAMP).float().expand(3, 3, 4), atol=0.5 / 255, rtol=0)


def test_sixteen_bits_keep_their_depth(tmp_path: Path) -> None:
    found = read_image(saved(tmp_path / "a.png", np.arange(12, dtype=np.uint16).reshape(3, 4)))
    torch.testing.assert_close(found[0] * 65535, torch.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.arange(12, dtype=np.int32).reshape(3, 4), "whole numbers of 32 bits have no brightest value"),
        (RAMP.astype(np.float32) * 255, "floats of images lie between 0 and 1, and these between 0 and 255"),
        (RAMP.astype(np.float32) * np.nan, "numbers are NaN or infinite"),
        (RAMP.astype(np.float32) - 0.5, "before they were normalized, and write `>> normalize"),
    ],
)
def test_pixels_without_a_range_are_refused(pixels: np.ndarray, reason: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", pixels)
    with pytest.raises(BrokenData, match=reason) as caught:
        read_image(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (6, (0, 1)), (8, (1, 0))]
)
def test_a_picture_is_the_way_up_that_its_file_says(
    name: str, orientation: int, corner: tuple[int, int], tmp_path: Path
) -> None:
    pixels = np.zeros((16, 32, 3), dtype=np.uint8)
    pixels[:8, :16] = 255  # upper left as it is stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = read_image(saved(tmp_path / name, pixels, exif=exif))
    height, width = (32, 16) if orientation in (6, 8) else (16, 32)
    assert found.shape == (3, height, width)
    quarters = found.unflatten(2, (2, width // 2)).unflatten(1, (2, height // 2)).mean((0, 2, 4))
    assert divmod(int(quarters.argmax()), 2) == corner


def test_transparent_colors_of_a_palette_are_themselves(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [1, 0]], dtype=np.uint8), mode="P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "a.png", transparency=bytes([0, 128]))
    assert read_image(tmp_path / "a.png")[:, 0].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_a_picture_with_far_too_many_pixels_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", np.zeros((10, 10), dtype=np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    assert read_image(path).shape == (3, 10, 10)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    with pytest.raises(BrokenData, match=r"a\.png: the image is too large to be read: more than 80 pixels"):
        read_image(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.tif", "a.webp", "a.ppm"])
def test_what_is_left_of_a_file_is_a_message_with_its_name(name: str, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    content = saved(tmp_path / name, pixels).read_bytes()
    for share in (0, 0.05, 0.5):
        (tmp_path / name).write_bytes(content[: int(share * len(content))])
        with pytest.raises(BrokenData) as caught:
            read_image(tmp_path / name)
        assert caught.value.file == str(tmp_path / name)


def test_a_file_that_is_gone_and_a_page_from_the_web_are_named(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_text("<html>404</html>")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(BrokenData, match=r"page\.png: this is no image"):
        read_image(tmp_path / "page.png")
    with pytest.raises(BrokenData, match=r"link\.png: the image cannot be read: No such file"):
        read_image(tmp_path / "link.png")


def test_files_are_found_in_folders_of_folders_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    for name in (
        "b/2.png",
        "b/10.png",
        "b/c/1.png",
        "a.png",
        ".ipynb_checkpoints/a.png",
        "b/.cache/a.png",
        "b/._2.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(visible_files(tmp_path)) == ["a.png", "b/10.png", "b/2.png", "b/c/1.png"]


def test_links_are_followed_and_a_folder_linked_into_itself_is_entered_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").touch()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "file.png").symlink_to(tmp_path / "real" / "a.png")
    assert list(visible_files(tmp_path / "set")) == ["file.png", "linked/a.png"]


def test_the_order_is_that_of_torchvision(tmp_path: Path) -> None:
    from torchvision.datasets.folder import make_dataset

    for name in ("k/2.png", "k/10.PNG", "k/c/1.png", "k/c-/1.png", "k/C.png", "k/c.d/e/ü.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    expected = [os.path.relpath(p, tmp_path / "k") for p, _ in make_dataset(tmp_path, {"k": 0}, extensions=(".png",))]
    assert list(visible_files(tmp_path / "k")) == expected


@pytest.mark.parametrize(("name", "expected"), [("A.JPEG", True), ("b.Tif", True), ("c.gif", False), ("png", False)])
def test_files_are_told_by_their_endings(name: str, expected: bool) -> None:
    assert is_image_file(name) == expected
