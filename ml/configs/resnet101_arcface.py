"""The full profile: ResNet101, GeM, 512 numbers, sub-center ArcFace with dynamic margins.

    python -m ml.train --config resnet101_arcface --shards DIR --output DIR

224 → 320 → 512 px in 10 + 6 + 3 epochs, mixed precision, all GPUs of one machine. For 25,000
classes each step looks at the batch's classes and 4,096 others. For GPUs: not trained here.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="resnet101_arcface",
        backbone="resnet101",
        weights="imagenet",
        embedding_size=512,
        scale=30.0,
        subcenters=3,
        dynamic_margins=(0.5, 0.05, 0.25),
        sampled_negatives=4096,
        optimizer="sgd",
        learning_rate=0.05,
        warmup_steps=2000,
        weight_decay=1e-4,
        clip_norm=5.0,
        mixed_precision=True,
        strategy="mirrored",
        augmentation=Augmentation(smallest_crop=0.25, brightness=0.2, contrast=0.2, cutout=0.3),
        stages=(
            Stage(side=224, epochs=10, batch=256),
            Stage(side=320, epochs=6, batch=128),
            Stage(side=512, epochs=3, batch=48),
        ),
        checkpoint_every=1000,
        evaluate_every=2000,
        patience=8,
    )
