"""The definitions of the library, each in a spec that uses it."""

import re

import pytest

from ssldsl import resources
from ssldsl.check import check
from ssldsl.source import Source

SPEC = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
stream all       = labeled | unlabeled
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
net    teacher   = ema(encoder >> classes, momentum=0.99)
head   classes_again = linear(images.classes, images.classes)
net    features  = encoder >> l2norm()
head   clusters  = prototypes(encoder.dim, images.classes)
net    ema_features = ema(features, momentum=0.99)
net    ema_clusters = ema(clusters, momentum=0.99)
net    vision    = vit(width=8, depth=1, heads=2, patch=2, image=8, mask_token=true)
head   top       = dino_head(vision.dim, 6, hidden=8, bottleneck=4)
head   decoder   = vit_decoder(vision.dim, out=4, width=8, depth=1, heads=2)
net    ema_vision = ema(vision, momentum=0.99)
net    ema_top   = ema(top, momentum=0.99)
let    hidden    = block_patch_mask(unlabeled, patch=2)
let    crops     = draw(2, random_shift(unlabeled)) | draw(4, unlabeled >> random_resized_crop(6))
loss      = {loss}
optimizer = sgd(lr=0.1)
batch     = {{labeled: 50, unlabeled: 100}}
run       = 3ep
clock     = labeled
eval {metric}
"""
LOSSES = [
    "ce(labeled)",
    "ce(labeled) + rotation(all)",
    "ce(labeled) + rotation(unlabeled, encoder=encoder)",
    "ce(labeled >> rotate4()) + rotation_of_copies(all >> rotate4())",
    "ce(labeled) + exemplar(all >> random_inception_crop(size=8), dim=16)",
    "ce(labeled) + vat(unlabeled)",
    "byol(draw(2, random_shift(unlabeled)), teacher, net=encoder >> classes, predictor=classes_again)",
    "simsiam(draw(2, random_shift(unlabeled)), net=encoder >> classes, predictor=classes_again)",
    """scan(unlabeled, random_shift(unlabeled), net=encoder >> classes)""",
    "ce(labeled) + self_labeling(unlabeled, random_shift(unlabeled), net=encoder >> classes)",
    "deepcluster_v2(crops, unlabeled, 30, net=features)",
    "msn(features(crops.first(2)), ema_features(unlabeled))",
    "pmsn(features(crops), ema_features(unlabeled))",
    "mean(soft_cross_entropy(clusters(features(unlabeled)), msn_targets(ema_features(unlabeled))))",
    "smog(first(crops), unlabeled, teacher, net=encoder >> classes, predictor=classes_again, groups=20)",
    "ce(labeled) + mean(entropy(classes(encoder(maybe(unlabeled, solarize(p=1.0), p=0.3)))))",
    "simclr(crops.first(2), net=features)",
    "dcl(crops.first(2), net=features)",
    "supcon(draw(2, random_shift(labeled)), net=features)",
    "moco(first(crops), last(crops.first(2)), ema_features, net=features, length=200)",
    "moco_v3(crops.first(2), teacher, net=encoder >> classes, predictor=classes_again)",
    "nnclr(crops.first(2), net=encoder >> classes, predictor=classes_again, length=200)",
    "ressl(first(crops), unlabeled, ema_features, net=features, length=200)",
    "barlow_twins(crops.first(2), net=features)",
    "vicreg(crops.first(2), net=encoder)",
    "w_mse(crops.first(2), net=encoder, size=50)",
    "tico(first(crops), unlabeled, ema_features, net=features)",
    'ce(labeled) + vat(all, net=encoder >> classes, epsilon=0.5, iterations=2, direction="adversarial_to_clean")',
    'ce(labeled) + vat(unlabeled, direction="adversarial_to_clean", radius="released", xi=0.01)',
    "ce(labeled) + entmin(all)",
    "ce(labeled) + fixmatch(unlabeled, unlabeled >> random_shift(3), threshold=0.8)",
    "ce(labeled) + refixmatch(unlabeled, unlabeled >> random_shift(3), threshold=0.8)",
    """ce(labeled) + sequencematch(unlabeled, random_shift(unlabeled), unlabeled >> random_shift(3),
                                   threshold=0.8)""",
    "ce(labeled) + jigsaw(unlabeled, 4, grid=2, orders=24) + pirl(unlabeled, 4, grid=2, orders=24, dim=16)",
    "ce(labeled) + uda(unlabeled, unlabeled >> random_shift(3), net=encoder >> classes)",
    "ce(labeled) + flexmatch(unlabeled, unlabeled >> random_shift(3), threshold=0.8)",
    "ce(labeled) + freematch(unlabeled, unlabeled >> random_shift(3), images.classes)",
    "ce(labeled) + softmatch(unlabeled, unlabeled >> random_shift(3))",
    "ce(labeled) + dash(unlabeled, unlabeled >> random_shift(3), step_decay(milestones=[1ep]))",
    "adamatch(labeled, random_shift(labeled), unlabeled, random_shift(unlabeled), ramp=linear_ramp(1ep))",
    "defixmatch(labeled, random_shift(labeled), unlabeled, random_shift(unlabeled))",
    "ce(labeled) + crmatch(unlabeled, random_shift(unlabeled), dim=16)",
    """ce(labeled) + comatch(labeled, unlabeled, random_shift(unlabeled), random_shift(unlabeled), images.classes,
                             z=features, length=300)""",
    "ce(labeled) + simmatch(labeled, unlabeled, random_shift(unlabeled), images.classes, z=features)",
    "ce(labeled) + sigmoid_ramp(80ep)*temporal_ensembling(unlabeled)",
    """ce(labeled) + super_and(features(crops.first(2)), bank(features(crops.first(2)), unlabeled.position).rows,
                               unlabeled.position, unlabeled.position, unification=0.2)""",
    "ce(labeled) + two_stage_uc(features(crops.first(2)), heads=clusters)",
    "ramped_teacher(labeled, random_shift(unlabeled) | unlabeled, teacher, 8) + two_stage_uc_rise()*entmin(unlabeled)",
    "ce(labeled) + two_stage_uc_printed(features(unlabeled), features(random_shift(unlabeled)), heads=clusters)",
    "ce(labeled) + entmin(unlabeled >> npid_crop(14))",
    "ce(labeled) + supercm(all, class_centroids(rest(encoder)(labeled), labeled.label, classes=images.classes))",
    "ce(labeled) + pseudo_labeling(unlabeled, images.classes)",
    "ce(labeled) + pseudo_labeling_released(unlabeled, random_shift(unlabeled), threshold=0.9, scale=5)",
    "ce(labeled) + mean_teacher(unlabeled, unlabeled >> random_shift(2), teacher)",
    "ce(labeled) + pi_model(unlabeled, unlabeled >> random_shift(2))",
    "ce(labeled) + ict(unlabeled, teacher, alpha=0.5)",
    "mixmatch(labeled, draw(2, random_shift(unlabeled)), images.classes, ramp=linear_ramp(1ep))",
    "remixmatch(labeled, unlabeled, draw(2, random_shift(unlabeled)), images.classes, ramp=linear_ramp(1ep))",
    "ce(labeled) + mean_teacher_kl(all, all, teacher)",
    "mixed_ce(labeled, images.classes, smoothing=0.01) + entmin(unlabeled)",
    "ce(labeled) + swav(draw(2, unlabeled >> swav_crop(14, 0.14, 1.0)), net=encoder >> classes)",
    """ce(labeled) + dino(draw(2, random_shift(unlabeled)), teacher,
                                       teacher_temperature=0.04 + 0.03*linear_ramp(1ep, every=1ep, endpoint=true))""",
    """ce(labeled) + swav(draw(2, random_shift(unlabeled)), net=encoder >> classes,
                                        context=stop(classes(encoder(draw(2, random_shift(unlabeled))))))""",
    """ce(labeled) + entmin(unlabeled)
       + mixed_pairs(crops, crops.first(1) | crops.first(4).last(2), crops.first(2).last(1) | crops.last(2),
                     net=encoder >> classes)""",
    "ce(labeled >> suave_labeled_crop(14)) + mixed_prediction(draw(2, flip(unlabeled)), net=encoder >> classes)",
    "ce(labeled) + entmin(unlabeled >> dino_crop(14, 0.25, 1.0, blur=0.1, solar=0.2))",
    "ce(labeled) + entmin(unlabeled >> paws_cifar_crop(8, 0.75, 1.0))",
    "ce(labeled) + entmin(unlabeled >> fixmatch_strong()) + entmin(labeled >> usb_strong() >> trivial_augment())",
    "paws(crops, labeled, images.classes, net=encoder)",
    """suave(crops, labeled, images.classes, n_crops=6, u=100, l=50, trunk=features, clusters=clusters,
             queue_length=100)
       + online_probe(labeled, encoder, classes)""",
    """suave(crops, labeled, images.classes, n_crops=6, u=100, l=50, n_mixed=300, trunk=features, clusters=clusters,
             teacher_trunk=ema_features, teacher_prototypes=ema_clusters, queue_length=100, epsilon=0.086,
             mix_first=crops.first(1) | crops.first(4).last(2), mix_second=crops.first(2).last(1) | crops.last(2))""",
    """lsdc(features(unlabeled), mixup_views(random_shift(unlabeled), random_shift(unlabeled)),
            knn_pairs(stop(encoder(unlabeled)), k=5), features=features)
       + 5*two_views_agree(mixup_views(random_shift(unlabeled), random_shift(unlabeled)), features=features)""",
    """lsdc_plain(features(unlabeled), random_shift(unlabeled), knn_pairs(stop(encoder(unlabeled)), k=5),
                  features=features)""",
    "daino(crops, labeled, teacher, images.classes, n_crops=6, u=100, l=50, net=encoder >> classes)",
    "ce(labeled) + mae(unlabeled, net=vision, decoder=decoder, patch=2)",
    """ce(labeled) + ibot(crops.first(2), crops.last(2), block_patch_mask(crops.first(2), patch=2), ema_vision, ema_top,
                          net=vision, head=top)""",
    "ce(labeled) + distilled(classes(encoder(crops)), teacher(crops.first(2)))",
    "ce(labeled) + masked_tokens(top(vision(unlabeled).tokens), ema_top(ema_vision(unlabeled).tokens), hidden)",
]
OPTIMIZERS = ["two_stage_uc_sgd(0.03)", "isif_sgd()"]
METRICS = [
    "top1(images.test)",
    "top5(images.test, net=teacher)",
    "top1_of_views(images.test, images.test >> rotate4(), n_views=4)",
    "top5_of_views(images.test, images.test >> rotate4(), n_views=4, net=teacher)",
    "confusion_matrix(images.test)",
    "knn(images.test, images.train, k=5)",
    "bank_knn(images.test, features(images.train), images.train.label)",
    "linear_probe(images.test, images.train)",
    "umap_plot(images.test)",
    "cluster_accuracy(images.test, net=encoder >> classes)",
    "cluster_confusion(images.test, net=encoder >> classes)",
]


def checked(loss: str, metric: str, optimizer: str = "sgd(lr=0.1)") -> None:
    text = SPEC.format(loss=loss, metric=metric).replace("sgd(lr=0.1)", optimizer)
    if not any(name in loss for name in ("unlabeled", "all", "crops")):
        text = text.replace(", unlabeled: 100", "")
    found = check(Source("spec.ssl", text))
    assert found.program is not None, found.diagnostics


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_of_the_library_is_understood(loss: str) -> None:
    checked(loss, METRICS[0])


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_of_the_library_is_understood(metric: str) -> None:
    checked(LOSSES[0], metric)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_of_the_library_is_understood(optimizer: str) -> None:
    checked(LOSSES[0], METRICS[0], optimizer)


def test_every_definition_stands_in_one_of_these_specs() -> None:
    texts = [path.read_text() for path in sorted((resources.stdlib() / "methods").glob("*.ssl"))]
    definitions = {name for text in texts for name in re.findall(r"^def\s+(\w+)", text, flags=re.M)}
    assert definitions <= set(re.findall(r"\w+", " ".join(LOSSES + OPTIMIZERS + METRICS)))
