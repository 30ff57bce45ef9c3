"""DELF's attention on ResNet50 from random weights, as far as two cores come: does it learn?

    python -m ml.data.shards PHOTOS --output right --side 160
    python -m ml.data.shards PHOTOS --output dealt --side 160 --shuffle-labels
    python -m ml.train --config delf_few_steps --shards right --output run-right
    python -m ml.train --config delf_few_steps --shards dealt --output run-dealt

The backbone stays as it was drawn: what is learned are attention, classes and their scale.
docs/models.md has the figures. It is no model to serve: that takes ImageNet's weights.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="delf_few_steps",
        task="local",
        backbone="resnet50",
        normalization="half",
        optimizer="adamw",
        learning_rate=3e-3,
        head_learning_rate=0.05,
        class_balanced=False,
        stages=(Stage(side=128, epochs=1, batch=16),),
        steps=800,
        augmentation=Augmentation(smallest_crop=0.5, flip=True),
        checkpoint_every=400,
        evaluate_every=100,
    )
