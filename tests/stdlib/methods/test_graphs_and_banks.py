"""CoMatch, SimMatch and CRMatch as definitions: worked numbers, and formulas written anew over several steps."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy, normalize, one_hot
from worked import COMATCH, LABELED, OTHER, SECOND, STRONG, TRUTH, WEAK, double, head, of, steps, table

HEAD = head(
    "head projector = mlp_head(encoder.dim, hidden=[4], out=2) >> l2norm()",
    f"let strong = {OTHER.format('unlabeled')}",
    labeled=4,
)
LABELED_DIRECTIONS = [[1, 0], [0, 1]]
# the second strong view of CoMatch is the weak one here, whose directions are those of the worked `other`
COMATCH_TERM = """ce(labeled) + comatch(labeled, unlabeled, strong, unlabeled, 3, length=6, threshold=0.6,
                                         graph_threshold=0.3)"""
SIMMATCH_TERM = "ce(labeled) + simmatch(labeled, unlabeled, strong, 3, threshold=0.6)"


def directions(weak: list[list[float]] | None = None) -> Tensor:
    """Embeddings of the weak and strong views and of the labeled images, with a gradient."""
    return table(weak or COMATCH["weak"], COMATCH["strong"], LABELED_DIRECTIONS)


def aligned(p: Tensor, mean: Tensor) -> Tensor:
    moved = p * (1 / 3 + 1e-6) / (mean + 1e-6)
    return moved / moved.sum(dim=1, keepdim=True)


def soft_loss(logits: Tensor, target: Tensor, sure: Tensor) -> Tensor:
    return -(sure * (target * logits.log_softmax(1)).sum(1)).mean()


def similarities(rows: Tensor, bank: Tensor, temperature: float) -> Tensor:
    return normalize(rows, dim=1) @ normalize(bank, dim=1).T / temperature


def test_comatch_costs_what_was_worked_out_for_a_full_queue() -> None:
    scores, rows = table(WEAK, STRONG, LABELED), directions()
    full = {"comatch/past/queue.rows": double(COMATCH["bank"]), "comatch/past/queue.filled": torch.tensor(6),
            "comatch/known/queue.rows": double(COMATCH["probs"])}  # fmt: skip
    tables = {"classes": scores, "projector/mlp_head": rows}
    found = next(steps(f"{HEAD}loss = {COMATCH_TERM}\n", [tables], labels=TRUTH, held=full))
    assert found["classified"].item() == pytest.approx(0.4652685174, abs=2e-6)  # the worked one has no epsilon
    assert found["contrast"].item() == pytest.approx(1.3546618601, abs=2e-6)
    found["loss"].backward()  # the graph alone reaches embeddings
    worked = double([[-0.0446597241, 0.0841998849], [-0.0120333240, -0.0067058159], [-0.4916182277, -0.1954625521],
                     [0.4266328074, 0.0478202415]])  # fmt: skip
    raw = double(COMATCH["strong"]).requires_grad_()
    normalize(raw, dim=1).backward(worked)  # the worked gradient is of unit rows
    torch.testing.assert_close(of(rows.grad, second=True), raw.grad, atol=2e-6, rtol=0)


def test_comatch_over_three_steps_is_its_formula() -> None:
    texts = [WEAK, SECOND, WEAK]
    scores = [table(weak, STRONG, LABELED) for weak in texts]
    rows = [directions(), directions(COMATCH["strong"][::-1]), directions()]
    tables = [{"classes": s, "projector/mlp_head": z} for s, z in zip(scores, rows, strict=True)]
    found = list(steps(f"{HEAD}loss = {COMATCH_TERM}\n", tables, labels=TRUTH))
    means: list[Tensor] = []
    bank, known = torch.zeros(0, 2).double(), torch.zeros(0, 3).double()
    for got, s, z in zip(found, scores, rows, strict=True):
        s, z = s.detach().requires_grad_(), z.detach().requires_grad_()
        p = of(s).detach().softmax(1)
        means.append(p.mean(dim=0))
        even = aligned(p, torch.stack(means).mean(dim=0))
        q = even
        if len(bank):
            q = 0.9 * even + 0.1 * similarities(of(z).detach(), bank, 0.2).softmax(1) @ known
        graph = (q @ q.T).fill_diagonal_(1.0)
        graph = torch.where(graph >= 0.3, graph, 0.0)
        graph = graph / graph.sum(dim=1, keepdim=True)
        near = similarities(of(z, second=True), of(z), 0.2).softmax(1)
        classified = soft_loss(of(s, second=True), q, q.amax(dim=1) >= 0.6)
        contrast = -(graph * (near + 1e-7).log()).sum(1).mean()
        assert got["classified"].item() == pytest.approx(classified.item(), abs=1e-7)
        assert got["contrast"].item() == pytest.approx(contrast.item(), abs=1e-7)
        bank = torch.cat([of(z).detach(), z[:2].detach()])
        known = torch.cat([even, one_hot(torch.tensor(TRUTH), 3).double()])
    total = cross_entropy(s[:2], torch.tensor(TRUTH)) + classified + contrast
    total.backward()
    found[-1]["loss"].backward()
    torch.testing.assert_close(scores[-1].grad, s.grad, atol=1e-7, rtol=0)
    torch.testing.assert_close(rows[-1].grad, z.grad, atol=1e-7, rtol=0)


BANK = [[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [1.0, 1.0]]
BANK_LABELS = [0, 1, 2, 0]


def simmatch_by_formula(weak: Tensor, strong: Tensor, seen: Tensor, far: Tensor, even: Tensor, bank: Tensor,
                        labels: Tensor) -> tuple[Tensor, Tensor]:  # fmt: skip
    near = similarities(seen, bank, 0.1).softmax(1)
    votes = near @ one_hot(labels, 3).double()
    q = 0.9 * even + 0.1 * votes
    target = near * even[:, labels]
    target = target / target.sum(dim=1, keepdim=True)
    smoothed = soft_loss(strong, q, q.amax(dim=1) >= 0.6)
    return smoothed, -(target * similarities(far, bank, 0.1).log_softmax(1)).sum(1).mean()


def test_simmatch_costs_what_was_worked_out_for_a_bank() -> None:
    scores, rows = table(WEAK, STRONG, LABELED), directions()
    full = {"simmatch/bank/labeled_bank.rows": normalize(double(BANK), dim=1),
            "simmatch/bank/labeled_bank.labels": torch.tensor(BANK_LABELS)}  # fmt: skip
    tables = {"classes": scores, "projector/mlp_head": rows}
    found = next(steps(f"{HEAD}loss = {SIMMATCH_TERM}\n", [tables], labels=TRUTH, held=full))
    assert found["smoothed"].item() == pytest.approx(0.4423270104, abs=2e-6)
    assert found["instances"].item() == pytest.approx(0.2231412738, abs=2e-6)
    assert found["loss"].item() == pytest.approx(1.6449936234, abs=3e-6)
    found["loss"].backward()  # similarities to the bank alone reach embeddings
    worked = double([[-0.0987891633, 0.2373710852], [0.1311654432, -0.0793420486], [0.0020008211, 0.0008276939],
                     [0.1033932147, -0.1248540060]])  # fmt: skip
    raw = double(COMATCH["strong"]).requires_grad_()
    normalize(raw, dim=1).backward(worked)
    torch.testing.assert_close(of(rows.grad, second=True), raw.grad, atol=2e-6, rtol=0)


def test_simmatch_moves_the_bank_and_reads_it_in_the_next_step() -> None:
    scores = [table(weak, STRONG, LABELED) for weak in (WEAK, SECOND)]
    rows = [directions(), directions()]
    full = {"simmatch/bank/labeled_bank.rows": normalize(double(BANK), dim=1),
            "simmatch/bank/labeled_bank.labels": torch.tensor(BANK_LABELS)}  # fmt: skip
    tables = [{"classes": s, "projector/mlp_head": z} for s, z in zip(scores, rows, strict=True)]
    second = list(steps(f"{HEAD}loss = {SIMMATCH_TERM}\n", tables, labels=TRUTH, held=full))[1]
    bank, labels = normalize(double(BANK), dim=1), torch.tensor(BANK_LABELS)
    bank[:2] = normalize(0.7 * bank[:2] + 0.3 * double(LABELED_DIRECTIONS), dim=1)
    labels[:2] = torch.tensor(TRUTH)
    s, z = scores[1].detach().requires_grad_(), rows[1].detach().requires_grad_()
    p = of(s).detach().softmax(1)
    even = aligned(p, (double(WEAK).softmax(1).mean(dim=0) + p.mean(dim=0)) / 2)
    smoothed, instances = simmatch_by_formula(
        of(s), of(s, second=True), of(z).detach(), of(z, second=True), even, bank, labels
    )
    assert second["smoothed"].item() == pytest.approx(smoothed.item(), abs=1e-7)
    assert second["instances"].item() == pytest.approx(instances.item(), abs=1e-7)
    (cross_entropy(s[:2], torch.tensor(TRUTH)) + smoothed + instances).backward()
    second["loss"].backward()
    torch.testing.assert_close(scores[1].grad, s.grad, atol=1e-7, rtol=0)
    torch.testing.assert_close(rows[1].grad, z.grad, atol=1e-7, rtol=0)


def test_crmatch_is_fixmatch_and_features_that_tell_views_apart() -> None:
    weak, strong = [[1, 0], [0, 1], [1, 1], [1, -1]], [[1, 1], [0, -2], [2, 1], [1, 0]]
    scores, apart = table(WEAK, STRONG, LABELED), table(weak, strong)
    turns = table([[0.0] * 4] * 4, [[0.0] * 4] * 4)
    text = f"{HEAD}loss = ce(labeled) + crmatch(unlabeled, strong, threshold=0.8, dim=2)\n"
    tables = {"classes": scores, "crmatch/distances": apart, "rotation/angles": turns}
    found = next(steps(text, [tables], labels=TRUTH))
    assert found["unlabeled"].item() == pytest.approx(0.1617876827, abs=1e-9)
    assert found["distance"].item() == pytest.approx(0.4139475198, abs=1e-9)
    assert found["rotation"].item() == pytest.approx(torch.tensor(4.0).log().item(), abs=1e-6)
    found["loss"].backward()
    slope = [[0, 0.1767766953], [0, 0], [0.0395284708, -0.0395284708], [0, 0]]
    torch.testing.assert_close(of(apart.grad), double(slope), atol=1e-9, rtol=0)
    slope = [[0.0883883476, -0.0883883476], [0, 0], [-0.0158113883, 0.0316227766], [0, 0]]
    torch.testing.assert_close(of(apart.grad, second=True), double(slope), atol=1e-9, rtol=0)
    assert cosine_similarity(double(weak), double(strong))[1] < 0  # and so costs nothing
    assert of(scores.grad).abs().sum() == 0  # pseudo-labels hold still
