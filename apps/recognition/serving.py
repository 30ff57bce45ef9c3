"""The only module of the portal that talks to TensorFlow Serving."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from django.conf import settings
from PIL import Image

from apps.operations.breakers import BreakerOpen, CircuitBreaker
from apps.operations.measuring import model_server_requests
from apps.recognition.models import ServedModel
from ml.client import (
    BadServingReply,
    ModelNotFound,
    RequestRefused,
    ServingClient,
    ServingDeadlineExceeded,
    ServingError,
    ServingUnavailable,
)
from ml.contract import ImageSize, Labels
from ml.inference.local_features import LocalFeatures
from ml.inference.preparing import fit_to_model_size
from ml.model_config import ConfiguredModel, config_message

__all__ = [
    "BadServingReply",
    "ModelNotFound",
    "RequestRefused",
    "ServingDeadlineExceeded",
    "ServingError",
    "ServingUnavailable",
    "answers",
    "describe",
    "describe_unguarded",
    "local_features",
    "reload",
    "try_canary",
]

# Shared by all processes; visitors' questions.
breaker = CircuitBreaker("model_server")


@lru_cache(maxsize=2)
def _client(address: str) -> ServingClient:
    return ServingClient(address)


def describe(
    image: Image.Image, *, model: ServedModel, seconds: float, guard: CircuitBreaker | None = None
) -> np.ndarray:
    """Return the embedding [D] of an upright photo, L2-normalized.

    guard: another breaker than that of the visitors' questions. Asks within `seconds`, once
    more when the server was not there at all. Raises a ServingError: ServingUnavailable,
    ServingDeadlineExceeded, ModelNotFound, BadServingReply or RequestRefused.
    """
    pixels = fit_to_model_size(image, [ImageSize(*size) for size in model.input_sizes])
    deadline = time.monotonic() + seconds
    try:
        return _predict(pixels, model=model, deadline=deadline, guard=guard or breaker)
    except ServingUnavailable:
        if (guard or breaker).is_open() or deadline - time.monotonic() < 0.1:
            raise
        return _predict(pixels, model=model, deadline=deadline, guard=guard or breaker)


def describe_unguarded(image: Image.Image, *, model: ServedModel, seconds: float) -> np.ndarray:
    """As `describe`, once, without a breaker and so without the database: for threads."""
    pixels = fit_to_model_size(image, [ImageSize(*size) for size in model.input_sizes])
    return _asked(pixels, model=model, seconds=seconds)


def local_features(
    image: Image.Image, *, labels: Labels, seconds: float
) -> tuple[LocalFeatures, ImageSize]:
    """Return the local features of an upright photo, and the size that their places count in.

    For workers: no breaker looks after it. Raises a ServingError.
    """
    pixels = fit_to_model_size(image, labels.input_sizes)
    try:
        found = _client(settings.TF_SERVING_ADDRESS).local_features(
            pixels, model=labels.model, version=labels.version, timeout=seconds
        )
    except ServingError as error:
        model_server_requests.labels(type(error).__name__).inc()
        raise
    model_server_requests.labels("answered").inc()
    return found, ImageSize(*pixels.shape[1:3])


def breaker_is_open() -> bool:
    """Say whether visitors' questions are refused at present."""
    return breaker.is_open()


def _predict(
    pixels: np.ndarray, *, model: ServedModel, deadline: float, guard: CircuitBreaker
) -> np.ndarray:
    left = deadline - time.monotonic()
    if left <= 0:
        raise ServingDeadlineExceeded("no time left to ask the model server")
    try:
        troubled = guard.check()
    except BreakerOpen as error:
        raise ServingUnavailable("the model server failed repeatedly; asking again soon") from error
    try:
        embedding = _asked(pixels, model=model, seconds=left)
    except RequestRefused:
        # The server answered; that it refused one picture says nothing about the next.
        if troubled:
            guard.succeeded()
        raise
    except ServingError:
        guard.failed()
        raise
    if troubled:
        guard.succeeded()
    return embedding


def _asked(pixels: np.ndarray, *, model: ServedModel, seconds: float) -> np.ndarray:
    """Ask the model server once, and count what became of it."""
    try:
        reply = _client(settings.TF_SERVING_ADDRESS).predict(
            pixels,
            model=model.name,
            version=model.version,
            timeout=seconds,
            embedding_size=model.embedding_size,
        )
    except ServingError as error:
        refused = isinstance(error, RequestRefused)
        model_server_requests.labels("refused" if refused else type(error).__name__).inc()
        raise
    model_server_requests.labels("answered").inc()
    return reply.embedding[0]


def reload(models: Iterable[ConfiguredModel], *, seconds: float) -> None:
    """Let the model server serve just these models; returns when it does. Raises a ServingError."""
    _client(settings.TF_SERVING_ADDRESS).reload(config_message(models), timeout=seconds)


def answers(*, name: str, version: int, seconds: float = 0.5) -> bool:
    """Say whether the model server has this version loaded."""
    try:
        return _is_loaded(name, version, seconds)
    except ServingError:
        return False


def try_canary(model: ServedModel, *, seconds: float) -> None:
    """Have a small fixed picture described: a model that is loaded may still fail to answer.

    Leaves the visitors' breaker alone. Raises a ServingError that says what is wrong.
    """
    deadline = time.monotonic() + seconds
    if not _is_loaded(model.name, model.version, seconds):
        raise ModelNotFound(f"{model} is not loaded")
    height, width = min(model.input_sizes, key=lambda size: size[0] * size[1])
    grey = np.linspace(0, 255, height * width, dtype=np.uint8).reshape(1, height, width, 1)
    left = deadline - time.monotonic()
    if left <= 0:
        raise ServingDeadlineExceeded("no time left for the canary")
    _client(settings.TF_SERVING_ADDRESS).predict(
        np.repeat(grey, 3, axis=3),
        model=model.name,
        version=model.version,
        timeout=left,
        embedding_size=model.embedding_size,
    )


def _is_loaded(name: str, version: int, seconds: float) -> bool:
    statuses = _client(settings.TF_SERVING_ADDRESS).status(model=name, timeout=seconds)
    return any(status.version == version and status.state == "AVAILABLE" for status in statuses)
