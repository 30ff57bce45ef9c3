"""`models.config`: which versions a model server loads, in TensorFlow Serving's own text format.

One file for both servers: TensorFlow Serving takes it as --model_config_file, the embedded one as
--model-config, and both take the same message by HandleReloadConfigRequest.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format

from ml.serving_protocol import model_server_config_pb2

CONFIG_FILE = "models.config"
PLATFORM = "tensorflow"
STABLE = "stable"
CANARY = "canary"
HEADER = """\
# Written by Gilnun (manage.py serve_model); the next promotion writes it anew.
# TensorFlow Serving takes labels of versions it has not loaded yet, as at its start, only with
#   --allow_version_labels_for_unavailable_models=true
"""


class BadModelConfig(ValueError):
    """models.config cannot be read, or asks for something not served here."""


class ConfiguredModel(NamedTuple):
    """A model of a configuration: its folder, the versions to load, label → version."""

    name: str
    base_path: str
    versions: tuple[int, ...]
    labels: Mapping[str, int]


def config_message(models: Iterable[ConfiguredModel]):
    """Return the ModelServerConfig of some models."""
    config = model_server_config_pb2.ModelServerConfig()
    # Also without any model it is a list of models, and not an empty message.
    config.model_config_list.SetInParent()
    for model in models:
        entry = config.model_config_list.config.add(
            name=model.name, base_path=model.base_path, model_platform=PLATFORM
        )
        entry.model_version_policy.specific.versions.extend(sorted(model.versions))
        for label, version in sorted(model.labels.items()):
            entry.version_labels[label] = version
    return config


def config_text(models: Iterable[ConfiguredModel]) -> str:
    """Return models.config as text."""
    return HEADER + text_format.MessageToString(config_message(models))


def read_config(text: str):
    """Return the ModelServerConfig of a text; raises BadModelConfig."""
    try:
        return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except text_format.ParseError as error:
        raise BadModelConfig(f"models.config: {error}") from error


def stable_folder(models: Path) -> Path:
    """Return the version folder below a models folder that models.config calls stable.

    Raises BadModelConfig, OSError.
    """
    config = read_config((models / CONFIG_FILE).read_text(encoding="utf-8"))
    for entry in config.model_config_list.config:
        if STABLE in entry.version_labels:
            return models / entry.name / str(entry.version_labels[STABLE])
    raise BadModelConfig(f"{models / CONFIG_FILE} calls no version {STABLE}")
