"""DELF's attention on EfficientNet-Lite2's map at stride 16, the backbone as ImageNet left it.

    python -m ml.train  --config delf_lite --shards DIR --output run
    python -m ml.export --run run --local --pictures DIR --output models
    python -m ml.verify --local models/delf-lite-local/1 --references DIR --queries DIR

What trains without a GPU. The profile "local" needs no training at all: there the length of a
feature is its attention. docs/models.md says what that verifies.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="delf_lite",
        task="local",
        backbone="lite2",
        weights="imagenet",
        normalization="lite",
        optimizer="adamw",
        learning_rate=3e-3,
        head_learning_rate=0.05,
        augmentation=Augmentation(smallest_crop=0.3),
        stages=(Stage(side=321, epochs=4, batch=24),),
        checkpoint_every=50,
        evaluate_every=50,
    )
