import torch

from ssldsl.stdlib.nets.vgg import Vgg

SETTINGS = {"widths": [4, 8], "hidden": 7}


def test_images_of_odd_sides_lose_no_pixel() -> None:
    net = Vgg(1, 28, 28, widths=[4, 6, 8, 8], hidden=16)  # 28, 14, 7, 4, 2
    assert net.hidden[0].in_features == 8 * 2 * 2
    assert net(torch.rand(3, 1, 28, 28)).shape == (3, 16)


def test_features_know_where_things_are() -> None:
    torch.manual_seed(0)
    net = Vgg(1, 16, 16, widths=[4, 8], hidden=8).eval()
    images = torch.zeros(2, 1, 16, 16)
    images[0, 0, 2:5, 2:5] = images[1, 0, 10:13, 10:13] = 1  # the same thing at places that pools keep apart
    first, second = net(images)
    assert not torch.allclose(first, second, atol=1e-3)


def test_the_network_of_dtc_has_its_convolutions() -> None:
    net = Vgg(1, 28, 28)
    assert [block[0].out_channels for block in net.blocks] == [64, 128, 256, 256]
