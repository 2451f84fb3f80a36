"""Virtual adversarial training against the oracle of a linear softmax model, computed by hand in float64."""

import copy

import pytest
import torch
from small_nets import FrozenOnly, Written, conv_classifier, rng_for
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.runtime.nets.composition import Composition
from ssldsl.stdlib.losses.virtual_adversarial import _curvature, divergence, virtual_adversarial
from ssldsl.stdlib.nets.convnet import GroupNorm

W = torch.tensor([[1, -1, 0.5], [-0.5, 2, 0], [0, -1, 1]], dtype=torch.float64)
B = torch.tensor([0.1, 0, -0.1], dtype=torch.float64)
X = torch.tensor([[1, 0, 2], [-1, 1, 0.5]], dtype=torch.float64).view(2, 1, 1, 3)
D = torch.tensor([[1, 2, -2], [0, 3, 4]], dtype=torch.float64)
U = torch.tensor(
    [[0.2577982536, 0.8393242938, -0.4786175825], [-0.2584595081, 0.9307683358, -0.2585903859]], dtype=torch.float64
)


def linear(images: Tensor) -> Tensor:
    return images.flatten(1) @ W.T + B


def oracle_loss(net: FrozenOnly, **settings: object) -> Tensor:
    return virtual_adversarial(net, X, linear(X), rng=Written(D), epsilon=0.5, **settings).mean()  # type: ignore[arg-type]


def test_the_perturbation_lies_along_the_exact_curvature() -> None:
    net = FrozenOnly(linear)
    oracle_loss(net)
    torch.testing.assert_close((net.inputs[-1] - X).flatten(1) / 0.5, U, atol=1e-9, rtol=0)


@pytest.mark.parametrize(
    ("direction", "expected"), [("clean_to_adversarial", 0.0500636460), ("adversarial_to_clean", 0.0511741687)]
)
def test_the_loss_of_the_linear_model_is_that_of_the_oracle(direction: str, expected: float) -> None:
    assert oracle_loss(FrozenOnly(linear), direction=direction).item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("xi", [None, 1e-2])
def test_the_loss_is_the_same_where_no_gradient_is_wanted(xi: float | None) -> None:
    expected = oracle_loss(FrozenOnly(linear), xi=xi)
    with torch.no_grad():
        torch.testing.assert_close(oracle_loss(FrozenOnly(linear), xi=xi), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("clean_to_adversarial", [0.0016082703, 0.0449556825, -0.0465639529]),
        ("adversarial_to_clean", [-0.0182626719, 0.0721008053, -0.0538381334]),
    ],
)
def test_the_gradient_at_the_adversarial_logits_is_that_of_the_oracle(direction: str, expected: list[float]) -> None:
    kept: list[Tensor] = []

    def remember(images: Tensor) -> Tensor:
        kept.append(linear(images).requires_grad_() if not kept else linear(images).detach().requires_grad_())
        return kept[-1]

    images = X.clone()
    loss = virtual_adversarial(
        FrozenOnly(lambda x: linear(x) if not kept and x.requires_grad else remember(x)),
        images, linear(X), rng=Written(D), epsilon=0.5, direction=direction,  # type: ignore[arg-type]
    ).mean()  # fmt: skip
    loss.backward()
    assert kept[-1].grad is not None
    assert kept[-1].grad[0].tolist() == pytest.approx(expected, abs=1e-9)


def test_a_small_finite_difference_finds_the_same_perturbation_in_double_precision() -> None:
    net = FrozenOnly(linear)
    oracle_loss(net, xi=1e-6)
    torch.testing.assert_close((net.inputs[-1] - X).flatten(1) / 0.5, U, atol=1e-6, rtol=0)


def test_a_large_finite_difference_is_biased_as_the_oracle_says() -> None:
    net = FrozenOnly(linear)
    oracle_loss(net, xi=0.1)
    found = ((net.inputs[-1] - X).flatten(1) / 0.5)[0]
    assert found.tolist() == pytest.approx([0.206158, 0.862371, -0.462401], abs=1e-6)


@pytest.mark.parametrize("batch", [1, 7])
def test_the_perturbation_has_length_epsilon_whatever_the_size_of_image_and_batch(batch: int) -> None:
    images = torch.rand(batch, 3, 64, 64) * 2 - 1
    model = conv_classifier()
    with torch.no_grad():
        model[-1].weight.mul_(1e-6)  # nearly no slope: a floor in the normalizer would show
    net = FrozenOnly(model)
    virtual_adversarial(net, images, model(images), rng=rng_for(batch), epsilon=40.0).mean()
    lengths = (net.inputs[-1] - images).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((batch,), 40.0), rtol=1e-5, atol=0)


@pytest.mark.parametrize("norm", ["group", "batch", "none"])
def test_the_exact_direction_is_the_limit_of_finite_differences(norm: str) -> None:
    torch.manual_seed(0)
    model = conv_classifier(norm=norm).double()
    images = torch.rand(4, 3, 8, 8, dtype=torch.float64)
    found = []
    for xi in (None, 1e-6):
        net = FrozenOnly(Composition(model).frozen)
        virtual_adversarial(net, images, Composition(model).frozen(images), rng=rng_for(4), xi=xi).mean()
        found.append(net.inputs[-1])
    torch.testing.assert_close(found[0], found[1], atol=1e-4, rtol=0)


def test_the_perturbation_changes_predictions_more_than_a_random_one() -> None:
    torch.manual_seed(0)
    model = conv_classifier()
    images = torch.rand(32, 3, 8, 8)
    logits = model(images)
    net = FrozenOnly(model)
    found = virtual_adversarial(net, images, logits, rng=rng_for(32), epsilon=0.5).mean()
    random = functional.normalize(torch.randn(32, 192), dim=1).view_as(images) * 0.5
    log_p, log_q = logits.log_softmax(1), model(images + random).log_softmax(1)
    assert found > 3 * (log_p.exp() * (log_p - log_q)).sum(1).mean()


def test_running_statistics_stay_as_they_are() -> None:
    model = conv_classifier(norm="batch")
    images = torch.rand(6, 3, 8, 8)
    logits = model(images)
    before = copy.deepcopy(model.state_dict())
    virtual_adversarial(Composition(model), images, logits, rng=rng_for(6)).mean().backward()
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_clean_logits_and_images_receive_no_gradient() -> None:
    model = conv_classifier()
    images = torch.rand(3, 3, 8, 8, requires_grad=True)
    logits = model(images.detach()).detach().requires_grad_()
    virtual_adversarial(Composition(model), images, logits, rng=rng_for(3)).mean().backward()
    assert images.grad is None and logits.grad is None


def test_weights_receive_the_gradient_of_the_divergence_at_a_fixed_perturbation() -> None:
    torch.manual_seed(0)
    model = conv_classifier()
    images = torch.rand(3, 3, 8, 8)
    net = FrozenOnly(model)
    loss = virtual_adversarial(net, images, model(images), rng=rng_for(3)).mean()
    found = torch.autograd.grad(loss, list(model.parameters()))
    fixed = functional.kl_div(
        model(net.inputs[-1]).log_softmax(1), model(images).softmax(1).detach(), reduction="batchmean"
    )
    for mine, expected in zip(found, torch.autograd.grad(fixed, list(model.parameters())), strict=True):
        torch.testing.assert_close(mine, expected, atol=1e-6, rtol=1e-4)


def test_bfloat16_finds_nearly_the_direction_of_float32() -> None:
    torch.manual_seed(0)
    model = conv_classifier()
    images = torch.rand(8, 3, 8, 8)
    steps = []
    for enabled in (False, True):
        net = FrozenOnly(model)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            virtual_adversarial(net, images, model(images), rng=rng_for(8)).mean().backward()
        steps.append((net.inputs[-1] - images).float().flatten(1))
    assert functional.cosine_similarity(*steps).min() > 0.97


def test_a_network_that_is_certain_gives_a_finite_gradient() -> None:
    model = conv_classifier()
    with torch.no_grad():
        model[-1].bias.copy_(torch.tensor([200.0, 0, 0, 0, 0]))
    images = torch.rand(3, 3, 8, 8)
    virtual_adversarial(Composition(model), images, model(images), rng=rng_for(3)).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_a_network_that_ignores_its_input_is_refused() -> None:
    with pytest.raises(ValueError, match="does not depend on its input"):
        virtual_adversarial(
            FrozenOnly(lambda x: torch.zeros(2, 3)), torch.rand(2, 3, 4, 4), torch.zeros(2, 3), rng=rng_for(2)
        ).mean()


def test_at_each_row_the_divergences_are_those_of_the_oracle() -> None:
    expected = {
        "clean_to_adversarial": [0.0549238633, 0.0452034287],
        "adversarial_to_clean": [0.0747946406, 0.0275536968],
    }
    for direction, values in expected.items():
        found = [
            divergence(linear(X)[i : i + 1], linear(X + 0.5 * U.view_as(X))[i : i + 1], direction).mean()
            for i in range(2)
        ]
        assert [f.item() for f in found] == pytest.approx(values, abs=1e-9)


def test_the_sign_of_the_direction_is_arbitrary_and_the_other_one_may_cost_more() -> None:
    other = [
        divergence(linear(X)[i : i + 1], linear(X - 0.5 * U.view_as(X))[i : i + 1], "clean_to_adversarial").mean()
        for i in range(2)
    ]
    assert [f.item() for f in other] == pytest.approx([0.0295738221, 0.1138193260], abs=1e-9)


def test_the_curvature_along_the_first_direction_is_that_of_the_oracle() -> None:
    found = _curvature(FrozenOnly(linear), X, (D / D.norm(dim=1, keepdim=True)).view_as(X)).flatten(1)
    assert found.norm(dim=1).tolist() == pytest.approx([0.2874565780, 0.1922425208], abs=1e-9)


def test_with_the_released_radius_the_perturbation_is_as_short_as_in_the_released_code() -> None:
    for xi in (None, 1e-6):
        net = FrozenOnly(linear)
        loss = oracle_loss(net, radius="released", direction="adversarial_to_clean", xi=xi)
        lengths = (net.inputs[-1] - X).flatten(1).norm(dim=1)
        assert lengths.tolist() == pytest.approx([0.0718642, 0.0480606], abs=1e-6)
        assert loss.item() == pytest.approx(0.00073605, abs=1e-7)


@pytest.mark.parametrize(("rows", "share"), [(None, 1.0), (2, 1.0), (8, 0.25)])
def test_the_released_radius_is_over_the_rows_of_one_of_its_processes(rows: int | None, share: float) -> None:
    net = FrozenOnly(linear)
    oracle_loss(net, radius="released", direction="adversarial_to_clean", rows=rows)
    lengths = (net.inputs[-1] - X).flatten(1).norm(dim=1)
    assert lengths.tolist() == pytest.approx([share * 0.0718642, share * 0.0480606], abs=1e-6)


def test_the_released_radius_is_epsilon_where_the_curvature_is_large() -> None:
    net = FrozenOnly(lambda x: 30 * linear(x))
    images = X / 100
    virtual_adversarial(net, images, net.frozen(images), rng=Written(D), epsilon=0.5, radius="released").mean()
    lengths = (net.inputs[-1] - images).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((2,), 0.5, dtype=torch.float64), atol=1e-12, rtol=0)


def test_iterations_of_the_released_radius_are_those_of_its_formula_step_by_step() -> None:
    p = linear(X).softmax(1)
    expected = []
    for row in range(2):
        hessian = W.T @ (p[row].diag() - p[row].outer(p[row])) @ W
        v = D[row] / D[row].norm()
        for _ in range(3):
            g = 1e-6 * hessian @ v / 2  # the gradient of the mean over two rows at 1e-6 v
            v = g / g.norm().clamp(min=1e-6)
        expected.append(0.5 * v)
    net = FrozenOnly(linear)
    oracle_loss(net, radius="released", iterations=3)
    torch.testing.assert_close((net.inputs[-1] - X).flatten(1), torch.stack(expected), atol=1e-12, rtol=0)


@pytest.mark.parametrize(("row", "eigenvalue"), [(0, 0.43204832), (1, 0.55857328)])
def test_many_iterations_converge_to_the_first_eigenvector(row: int, eigenvalue: float) -> None:
    net = FrozenOnly(linear)
    oracle_loss(net, iterations=60)
    u = (net.inputs[-1] - X).flatten(1)[row] / 0.5
    p = linear(X)[row].softmax(0)
    hessian = W.T @ (p.diag() - p.outer(p)) @ W
    values, vectors = torch.linalg.eigh(hessian)
    assert values[-1].item() == pytest.approx(eigenvalue, abs=1e-8)
    assert torch.dot(u, vectors[:, -1]).abs().item() == pytest.approx(1, abs=1e-9)


def test_vectors_are_perturbed_as_images_are() -> None:
    net = FrozenOnly(lambda x: x @ W.T + B)
    loss = virtual_adversarial(net, X.flatten(1), linear(X), rng=Written(D), epsilon=0.5).mean()
    assert loss.item() == pytest.approx(0.0500636460, abs=1e-10)
    torch.testing.assert_close((net.inputs[-1] - X.flatten(1)) / 0.5, U, atol=1e-9, rtol=0)


def large_net(norm: str) -> nn.Module:
    """A convolutional network of the first steps of one for photos."""
    torch.manual_seed(0)
    normalized = {"group": GroupNorm(4, 16), "batch": nn.BatchNorm2d(16)}[norm]
    layers = [nn.Conv2d(3, 16, 7, stride=4), normalized, nn.ReLU(), nn.Conv2d(16, 16, 3, stride=4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(256, 10)).to(
        memory_format=torch.channels_last
    )


def direction_of(model: nn.Module, images: Tensor, **settings: object) -> Tensor:
    net = FrozenOnly(Composition(model).frozen)
    virtual_adversarial(
        net, images, Composition(model).frozen(images), rng=rng_for(len(images)), epsilon=40.0, **settings
    ).mean()  # type: ignore[arg-type]
    return (net.inputs[-1] - images).double().flatten(1)


@pytest.mark.parametrize("norm", ["group", "batch"])
def test_at_photo_size_low_precision_keeps_the_direction_and_the_length(norm: str) -> None:
    model = large_net(norm)
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)) * 2 - 1
    exact = direction_of(copy.deepcopy(model).double(), images.double())
    single = direction_of(model, images)
    with torch.autocast("cpu", torch.bfloat16):
        half = direction_of(model, images)
    assert functional.cosine_similarity(exact, single).min() > 0.9999
    assert functional.cosine_similarity(exact, half).min() > 0.99
    torch.testing.assert_close(half.norm(dim=1), torch.full((2,), 40.0, dtype=torch.float64), rtol=1e-3, atol=0)


def test_at_photo_size_a_difference_of_a_millionth_is_lost_in_single_precision() -> None:
    # why the exact derivative is the default: most pixels of x + v equal those of x
    model = large_net("group")
    images = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)) * 2 - 1
    exact = direction_of(copy.deepcopy(model).double(), images.double())
    lost = direction_of(model, images, xi=1e-6)
    assert functional.cosine_similarity(exact, lost).abs().max() < 0.5
    assert functional.cosine_similarity(exact, direction_of(model, images, xi=1.0)).min() > 0.9
