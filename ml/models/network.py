"""From a training configuration to the network that it trains and that is exported."""

import keras
from keras import layers

from ml.checkpoints import load_checkpoint
from ml.models import efficientnet_lite, resnet
from ml.models.pooling import GeneralizedMean
from ml.training_config import InvalidConfig, TrainingConfig


def embedding_network(config: TrainingConfig) -> keras.Model:
    """uint8 [N, H, W, 3] RGB → float32 [N, embedding_size], L2-normalized.

    Backbone → pooling → dense → batch norm → L2. Layers before `train_from` are frozen: they
    keep their weights and their batch statistics. Raises InvalidConfig, WeightsDiffer and what
    ml.checkpoints raises.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0, name="as_float")(image)
    backbone = _backbone(config)
    _freeze_before(backbone, config.train_from)
    if config.normalization != "lite":
        pixels = resnet.normalized(pixels, config.normalization)
    x = _pool(config)(backbone(pixels))
    if config.dropout:
        x = layers.Dropout(config.dropout, seed=config.seed, name="dropout")(x)
    x = layers.Dense(config.embedding_size, name="reduce")(x)
    x = layers.BatchNormalization(momentum=0.9, name="whiten")(x)
    embedding = layers.UnitNormalization(dtype="float32", name="embedding")(x)
    return keras.Model(image, embedding, name=config.name)


def _backbone(config: TrainingConfig) -> keras.Model:
    if not config.backbone.startswith("lite"):
        return resnet.backbone(config.backbone, config.weights, config.weights_sha256)
    if config.normalization != "lite":
        raise InvalidConfig(f"{config.backbone} normalizes by itself: normalization is 'lite'")
    backbone = efficientnet_lite.feature_model(config.backbone)
    if config.weights == "imagenet":
        efficientnet_lite.load_weights(backbone, load_checkpoint(config.backbone))
    elif config.weights is not None:
        resnet.check_weights(config.weights, config.weights_sha256)
        backbone.load_weights(config.weights)
    return backbone


def _pool(config: TrainingConfig) -> layers.Layer:
    if config.pooling == "gem":
        return GeneralizedMean(config.gem_start, name="gem")
    return layers.GlobalAveragePooling2D(name="mean")


def _freeze_before(backbone: keras.Model, name: str) -> None:
    if not name:
        return
    names = [layer.name for layer in backbone.layers]
    if name not in names:
        raise InvalidConfig(f"train_from: {backbone.name} has no layer {name!r}")
    for layer in backbone.layers[: names.index(name)]:
        layer.trainable = False
