"""Specs that drawings and differences are tried on."""

QUICK = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
stream all       = labeled | unlabeled
net    encoder   = convnet(width=32)
head   classes   = linear(encoder.dim, images.classes)

loss      = ce(labeled) + 0.7*rotation(all) + 0.3*vat(unlabeled)
optimizer = sgd(lr=0.1 * cosine(), momentum=0.9)
batch     = {labeled: 50, unlabeled: 100}
run       = 30ep
clock     = unlabeled
eval top1(images.test)
"""

TEACHER = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train)
view   weak      = random_shift(1)
view   strong    = random_shift(2) >> gaussian_blur() >> solarize()
net    encoder   = convnet(width=32)
head   classes   = linear(encoder.dim, images.classes)
net    student   = encoder >> classes
net    teacher   = ema(student, momentum=0.99)
loss = ce(labeled)
     + 3 * sigmoid_ramp(10ep) * mse(softmax(student(unlabeled >> strong)), softmax(teacher(unlabeled >> weak))) as same
     + 0.1 * soft_cross_entropy(student(unlabeled >> strong), stop(softmax(student(unlabeled >> weak)))) as own
optimizer = sgd(lr=0.03, momentum=0.9)
batch     = {labeled: 50, unlabeled: 100}
run       = 30ep
clock     = unlabeled
eval top1(images.test, net=teacher) as followed
"""

STAGES = """\
ssl 1
data   images  = cifar10()
stream all     = unlabel(images.train)
stream labeled = images.train.subset(10%, seed=0)
view   crop    = random_crop(32, padding=4) >> flip()
net    encoder = resnet18(stem="cifar")
head   classes = linear(encoder.dim, images.classes)
stage rotnet {
  loss = rotation(all >> crop)
  clock = all  run = 200ep  batch = {all: 128}
  optimizer = sgd(lr=0.1 * step_decay(milestones=[60ep, 120ep], gamma=0.2), momentum=0.9)
}
stage readout after rotnet {
  train classes
  init encoder from rotnet
  loss = ce(labeled >> crop)
  clock = labeled  run = 20ep  batch = {labeled: 128}
  optimizer = sgd(lr=0.1)
  eval top1(images.test)
}
stage finetune after readout {
  train encoder.layer4, classes
  init encoder from rotnet
  init classes from readout
  loss = ce(labeled >> crop) + 0.1*entmin(all >> crop)
  clock = labeled  run = 20ep  batch = {labeled: 128, all: 128}
  forward = concat
  optimizer = sgd(lr=0.01)
  eval top1(images.test) as final
}
"""


CROPS = """\
ssl 1
data   images    = digits()
view   weak      = random_shift(1) >> gaussian_blur()
view   strong    = random_shift(2) >> gaussian_blur(sigma=[0.1, 2]) >> normalize(mean=[0.485, 0.456, 0.406], std=[0.2])
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1) >> normalize(mean=[0.5], std=[0.5])
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
head   judge     = linear(encoder.dim, images.classes)
let    crops     = draw(2, weak(unlabeled)) | draw(6, strong(unlabeled))
let    targets   = stop(softmax(classes(encoder(crops.first(2)))))
def both(x, using net = encoder >> classes) =
    mean([cross_entropy(net(x), x.label), soft_cross_entropy(net(x), one_hot(x.label, images.classes))])
loss = ce(labeled) + both(labeled)
     + mean(cross_entropy(judge(stop(encoder(labeled))), labeled.label)) as beside
     + swapped_cross_entropy(classes(encoder(crops)), targets, temperature=0.1) as same
optimizer = sgd(lr=0.03)
batch     = {labeled: 10, unlabeled: 10}
run       = 3it
clock     = unlabeled
"""

MEMORY = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
net    trunk     = encoder >> mlp_head(encoder.dim, hidden=[16], out=8) >> l2norm()
head   protos    = prototypes(8, images.classes)
let    z         = trunk(draw(2, random_shift(unlabeled, 2)))
let    past      = queue(z, length=480)
let    codes     = sinkhorn(stop(protos(z)), stop(protos(past)), past.ready)
loss = cross_entropy(protos(trunk(labeled)), labeled.label) as ce
     + mean(soft_cross_entropy(protos(z.last(1) | z.first(1)), codes, temperature=0.1)) as swapped
clip   = 1.0
groups = {protos: {freeze: 3it}}
batch  = {labeled: 8, unlabeled: 16}
run    = 8it
clock  = unlabeled
"""
