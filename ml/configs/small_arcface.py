"""The small profile, fine-tuned: both EfficientNet-Lite backbones, their last convolution trained.

    python -m ml.train --config small_arcface --shards DIR --output DIR

The embedding stays that of the profile that needs no training, so index, projection and
thresholds work alike; ArcFace moves the last convolutions of both backbones so that pictures of
a place come together, and an anchor keeps them near ImageNet's, for places it was not trained on.
ml/README.md has the figures on 59 real landmarks and the time it takes.
"""

from ml.training_config import Augmentation, Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="small_arcface",
        backbone="lite2+lite0",
        weights="imagenet",
        normalization="lite",
        train_from="conv_head",
        embedding="joined",
        imprinted=True,
        serve_head=False,
        served_side=448,
        anchor=1e-3,
        scale=16.0,
        margin=0.3,
        learning_rate=3e-4,
        stages=(Stage(side=384, epochs=4, batch=24),),
        augmentation=Augmentation(smallest_crop=0.4, flip=True),
        checkpoint_every=50,
        evaluate_every=50,
    )
