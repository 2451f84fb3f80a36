"""Mean Teacher, ICT and mixed cross-entropy as definitions: formulas written anew, for the mixtures that were drawn."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from worked import LABELED, OTHER, STRONG, TRUTH, WEAK, double, head, of, steps, table

HEAD = head(
    "net model = encoder >> classes",
    "net teacher = ema(model, momentum=0.9)",
    f"let strong = {OTHER.format('unlabeled')}",
    forward="separate",
)
TEACHER = [[0.3, 0, 1], [0, 2, 0.5], [1, 0, 0], [0.4, 0.4, 0]]


class Line(nn.Module):
    """Scores that are an affine map of the number that an image is; remembers the numbers."""

    def __init__(self, slope: list[float], at_zero: list[float]) -> None:
        super().__init__()
        self.slope, self.at_zero = (nn.Parameter(torch.tensor(v).double()) for v in (slope, at_zero))
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images.flatten(1).detach())
        return self.of(images.flatten(1)[:, 0])

    def mixed(self) -> Tensor:
        """Of the images that were seen those that are no whole numbers."""
        numbers = torch.cat(self.seen)[:, 0]
        return numbers[(numbers - numbers.round()).abs() > 1e-6]

    def of(self, numbers: Tensor) -> Tensor:
        return numbers.unsqueeze(1) * self.slope + self.at_zero


@pytest.mark.parametrize("name", ["mean_teacher", "mean_teacher_kl"])
def test_a_student_follows_what_its_teacher_says_of_the_other_view(name: str) -> None:
    scores = table(WEAK, STRONG, LABELED)
    tables = {"classes": scores, "teacher/classes": table(TEACHER, WEAK)}
    found = next(steps(f"{HEAD}loss = ce(labeled) + {name}(strong, unlabeled, teacher)\n", [tables], labels=TRUTH))
    q, z = double(TEACHER).softmax(1), double(STRONG).requires_grad_()
    p = z.softmax(1)
    expected = ((p - q) ** 2).mean() if name == "mean_teacher" else (q * (q / p).log()).sum(1).mean()
    assert found[name].item() == pytest.approx(expected.item(), abs=1e-9)
    expected.backward()
    found["loss"].backward()
    torch.testing.assert_close(of(scores.grad, second=True), z.grad, atol=1e-9, rtol=0)


def test_ict_says_of_a_mixture_what_the_teacher_says_of_its_parts() -> None:
    student, teacher = Line([0.3, -0.2, 0.1], [0, 1, 0]), Line([-0.4, 0.5, 0], [1, 0, 0.2])
    text = f"{HEAD}loss = ce(labeled) + ict(unlabeled, teacher)\n"
    found = next(steps(text, [{"classes": student, "teacher/classes": teacher}], labels=TRUTH))
    mixed = student.mixed()  # of the images 2, 3, 4, 5
    lam = (5 - mixed[0]) / 3
    assert 0.01 < lam < 0.99
    partners = torch.tensor([5.0, 4, 3, 2]).double()
    torch.testing.assert_close(mixed, lam * partners.flip(0) + (1 - lam) * partners)
    q = teacher.of(partners.flip(0)).softmax(1)
    target = (lam * q + (1 - lam) * q.flip(0)).detach()
    expected = ((student.of(mixed).softmax(1) - target) ** 2).mean()
    assert found["ict"].item() == pytest.approx(expected.item(), abs=1e-9)
    supervised = cross_entropy(student.of(torch.arange(2).double()), torch.tensor(TRUTH))
    slope = torch.autograd.grad(expected + supervised, student.slope)
    found["loss"].backward()
    torch.testing.assert_close(student.slope.grad, slope[0], atol=1e-9, rtol=0)
    assert teacher.slope.grad is None


def test_mixed_labels_are_asked_of_mixed_images() -> None:
    student = Line([0.3, -0.2, 0.1], [0, 1, 0])
    text = f"{HEAD}loss = mixed_ce(labeled, 3, temperature=0.5, cutmix_prob=0) + entmin(unlabeled)\n"
    found = next(steps(text, [{"classes": student}], labels=TRUTH))
    plain, mixed = torch.arange(2).double(), student.mixed()
    lam = 1 - mixed[0]  # of image 0, mixed with image 1
    clean = cross_entropy(student.of(plain) / 0.5, torch.tensor(TRUTH))
    log_p = (student.of(mixed) / 0.5).log_softmax(1)
    own, other = (log_p[range(2), labels] for labels in (TRUTH, TRUTH[::-1]))
    blended = -(lam * own + (1 - lam) * other).mean()
    assert found["mixed_ce"].item() == pytest.approx(((clean + blended) / 2).item(), abs=1e-7)
