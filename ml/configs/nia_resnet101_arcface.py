"""The data set's own model: ResNet101, GeM, 2048 numbers, ArcFace 0.1 at scale √2048.

    python -m ml.train --config nia_resnet101_arcface --shards DIR --output DIR

As its teaching material gives it: 224 px, (x − 128) / 128, random crops of 8–100 %, aspect
3/4–4/3, Adam 5e-5, batch 64. Two faults are left out: a softmax on the embedding, and epochs
without an end. On several GPUs: `--set strategy=mirrored`. Not trained here to accuracy: 309
Seoul classes with 29,660 pictures took its authors GPUs and days. On this code a training step
of 64 pictures takes minutes on two cores.
"""

from ml.training_config import Stage, TrainingConfig


def config() -> TrainingConfig:
    return TrainingConfig(
        name="nia_resnet101_arcface",
        backbone="resnet101",
        weights="imagenet",
        normalization="half",
        embedding_size=2048,
        scale=2048**0.5,
        margin=0.1,
        optimizer="adamw",
        learning_rate=5e-5,
        stages=(Stage(side=224, epochs=40, batch=64),),
        patience=10,
    )
