"""DELF's attention on ResNet50's conv4, the backbone as ImageNet left it.

    python -m ml.train --config delf --shards DIR --output DIR

As published: 321 px crops, SGD from 0.01, batch 32, 500,000 steps. For GPUs: not trained here.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="delf",
        task="local",
        backbone="resnet50",
        weights="imagenet",
        optimizer="sgd",
        learning_rate=0.01,
        augmentation=Augmentation(smallest_crop=0.3),
        stages=(Stage(side=321, epochs=1, batch=32),),
        steps=500_000,
        checkpoint_every=5000,
        evaluate_every=5000,
    )
