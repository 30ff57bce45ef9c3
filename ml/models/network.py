"""From a training configuration to the network that it trains and that is exported."""

import keras
from keras import layers

from ml.checkpoints import load_checkpoint
from ml.models import efficientnet_lite, resnet, small_convolutions
from ml.models.delf import LocalBranch
from ml.models.pooling import GeneralizedMean
from ml.training_config import InvalidConfig, TrainingConfig

# Where each backbone's map has stride 16, for local features: of ResNet the end of conv4.
LOCAL_LAYER = {
    **resnet.CONV4,
    "lite0": "blocks.10._add",
    "lite2": "blocks.14._add",
    "tiny": "relu_2",
}


def training_network(config: TrainingConfig) -> keras.Model:
    """uint8 [N, H, W, 3] RGB → what the run's task classifies, by name:

    "embedding" float32 [N, embedding_size], L2-normalized: backbone → pooling → dense → batch
    norm → L2; "pooled" float32 [N, C]: DELF's attended mean of the map at stride 16. Layers
    before `train_from` are frozen: they keep their weights and their batch statistics; with the
    task "local" the whole backbone is. Raises InvalidConfig, WeightsDiffer and what
    ml.checkpoints raises.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    if config.embedding == "joined":
        return keras.Model(image, {"embedding": _joined(config)(image)}, name=config.name)
    pixels = layers.Rescaling(1.0, name="as_float")(image)
    top, at_stride_16 = feature_network(config)(pixels)
    outputs = {}
    if config.task != "local":
        outputs["embedding"] = _embedding(config, top)
    if config.task != "embedding":
        outputs["pooled"], _ = LocalBranch(name="local")(at_stride_16)
    return keras.Model(image, outputs, name=config.name)


def _joined(config: TrainingConfig) -> keras.Model:
    backbones = []
    for name in config.backbone.split("+"):
        backbone = _backbone(config.with_values({"backbone": name}))
        _freeze_before(backbone, config.train_from)
        for layer in backbone.layers:
            if isinstance(layer, layers.BatchNormalization):
                # Fine-tuned on few pictures, statistics of a batch are worse than ImageNet's.
                layer.trainable = False
        backbones.append(backbone)
    return efficientnet_lite.embedding_model(backbones, efficientnet_lite.trainable_root)


def embedding_network(config: TrainingConfig) -> keras.Model:
    """uint8 [N, H, W, 3] RGB → float32 [N, embedding_size], L2-normalized; as training_network."""
    network = training_network(config)
    return keras.Model(network.input, network.output["embedding"], name=config.name)


def feature_network(config: TrainingConfig) -> keras.Model:
    """float32 [N, H, W, 3] of 0–255 → (last map [N, ⌈H/32⌉, ⌈W/32⌉, C], map at stride 16)."""
    backbone = _backbone(config)
    if config.task == "local":
        backbone.trainable = False
    _freeze_before(backbone, config.train_from)
    both = keras.Model(
        backbone.input,
        [backbone.output, backbone.get_layer(LOCAL_LAYER[config.backbone]).output],
        name=config.backbone,
    )
    if config.normalization == "lite":
        return both
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    return keras.Model(pixels, both(resnet.normalized(pixels, config.normalization)))


def _embedding(config: TrainingConfig, features):
    x = _pool(config)(features)
    if config.dropout:
        x = layers.Dropout(config.dropout, seed=config.seed, name="dropout")(x)
    x = layers.Dense(config.embedding_size, name="reduce")(x)
    x = layers.BatchNormalization(momentum=0.9, name="whiten")(x)
    return layers.UnitNormalization(dtype="float32", name="embedding")(x)


def _backbone(config: TrainingConfig) -> keras.Model:
    if config.backbone == "tiny":
        return small_convolutions.feature_model()
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
