"""Random changes of hue, saturation and value: a power, a gain and a shift."""

from torch import Tensor

from ssldsl.ops import Fraction, Images, NonNegativeFloat, op
from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.views.color_jitter import colored, hues


def bent(part: Tensor, power: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
    """Saturations or values (batch, height, width) raised to a power, times a gain, plus a shift: each (batch)."""
    power, gain, shift = (t.view(-1, 1, 1) for t in (power, gain, shift))
    return (part.pow(power) * gain + shift).clamp(0, 1)


@op(paper="dosovitskiy2014exemplar")
def random_hsv(
    images: Images[Tensor, "batch channels height width"],
    *,
    rng: SampleRng,
    hue: Fraction = 0.1,
    power: NonNegativeFloat = 2.0,
    gain: NonNegativeFloat = 0.5,
    shift: NonNegativeFloat = 0.1,
) -> Images[Tensor, "batch channels height width"]:
    r"""Random HSV: hue shifted, saturation and value each raised to a power, scaled and shifted, clipped to [0, 1].

    $$ h' = h + u_h \bmod 1, \quad c' = c^{2^a} 2^m + t \text{ for } c = s, v $$
    $$ u_h \sim U(-\text{hue}, \text{hue}), \; a \sim U(-\text{power}, \text{power}), \;
    m \sim U(-\text{gain}, \text{gain}), \; t \sim U(-\text{shift}, \text{shift}) $$

    Saturation and value draw their own a, m and t; every row, so every copy of a sample, draws anew. Source:
    Dosovitskiy et al., NeurIPS 2014, sec. 2, with the ranges of Zhai et al., ICCV 2019, as released. Images must lie in
    [0, 1]: normalize afterwards. Of images of one channel the value alone changes.
    """
    numbers = 2 * rng.uniform(7) - 1  # at once, because a call costs more than what it returns
    images = images.clamp(0, 1)  # numbers below 0 have no powers
    powers, gains, shifts = (power * numbers[:, 1:3]).exp2(), (gain * numbers[:, 3:5]).exp2(), shift * numbers[:, 5:]
    if images.shape[1] == 1:
        return bent(images[:, 0], powers[:, 1], gains[:, 1], shifts[:, 1]).unsqueeze(1)
    value, chroma, sixth = hues(images)
    saturation = bent(chroma / value.where(value > 0, 1), powers[:, 0], gains[:, 0], shifts[:, 0])
    value = bent(value, powers[:, 1], gains[:, 1], shifts[:, 1])
    return colored(value, value * saturation, sixth, 6 * hue * numbers[:, 0])
