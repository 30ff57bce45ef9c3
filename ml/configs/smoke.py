"""A run that ends within a minute on two cores, to see that every step works.

    python -m ml.train --config smoke --shards DIR --output DIR

EfficientNet-Lite0 from ImageNet, its last stage and a small embedding, 60 steps at 128 px. On
the twelve drawn places of `ml/demo` it names more than nine of ten pictures it did not train on.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="smoke",
        backbone="lite0",
        weights="imagenet",
        normalization="lite",
        train_from="conv_head",
        embedding_size=64,
        scale=16.0,
        margin=0.2,
        learning_rate=2e-3,
        stages=(Stage(side=128, epochs=1, batch=24),),
        steps=60,
        checkpoint_every=30,
        evaluate_every=30,
        augmentation=Augmentation(smallest_crop=0.5),
    )
