"""ResNet101 with ArcFace from random weights, as far as two cores come: to see that it learns.

    python -m ml.data.shards PHOTOS --output right --side 128
    python -m ml.data.shards PHOTOS --output dealt --side 128 --shuffle-labels
    python -m ml.train --config resnet101_few_steps --shards right --output run-right
    python -m ml.train --config resnet101_few_steps --shards dealt --output run-dealt

The loss on photos kept out of the steps falls with the right labels and not with dealt ones;
ml/README.md has the figures. It is no model to serve: that takes ImageNet's weights and GPUs.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="resnet101_few_steps",
        backbone="resnet101",
        normalization="half",
        scale=16.0,
        margin=0.1,
        learning_rate=5e-4,
        warmup_steps=20,
        clip_norm=5.0,
        class_balanced=False,
        stages=(Stage(side=64, epochs=1, batch=16),),
        steps=240,
        augmentation=Augmentation(smallest_crop=0.5, flip=True),
        checkpoint_every=120,
        evaluate_every=20,
    )
