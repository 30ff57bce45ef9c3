"""DELG: global embedding and DELF's attention in one ResNet101.

    python -m ml.train --config delg --shards DIR --output DIR

Cao et al. 2020 (arXiv 2001.05027): GeM, 2048 numbers, ArcFace 0.1 at scale 45.25; the local
branch is cut off from the backbone's gradient. For GPUs: not trained here.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="delg",
        task="both",
        backbone="resnet101",
        weights="imagenet",
        embedding_size=2048,
        scale=45.25,
        margin=0.1,
        optimizer="sgd",
        learning_rate=0.01,
        mixed_precision=True,
        strategy="mirrored",
        augmentation=Augmentation(smallest_crop=0.3),
        stages=(Stage(side=321, epochs=1, batch=32),),
        steps=500_000,
        checkpoint_every=5000,
        evaluate_every=5000,
    )
