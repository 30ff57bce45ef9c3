"""TensorFlow Serving's wire client: no Django, no TensorFlow.

Used by the portal and by the evaluation, so that what was measured is what is
served. It sends once: retry and breaker belong to the caller.
"""

import os
from typing import NamedTuple

import grpc
import numpy as np

from ml.contract import (
    CLASS_IDS,
    EMBEDDING,
    IMAGE,
    LOCAL_OUTPUTS,
    LOCAL_SIGNATURE,
    SCORES,
    SIGNATURE_NAME,
)
from ml.inference.local_features import LocalFeatures
from ml.serving_protocol import (
    BadTensor,
    array_to_tensor,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    tensor_to_array,
)

LARGEST_MESSAGE = 16 * 1024 * 1024
CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    # gRPC backs off to minutes; capped at 1 s a restarted server is found
    # again after 0.8 s instead of 2.3 s.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A peer that vanished without closing is noticed; servers answer pings
    # more often than every 5 minutes with GOAWAY.
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Pictures go to the configured address and through nobody else.
    ("grpc.enable_http_proxy", 0),
    # Two clients in one process otherwise share a connection and its back-off.
    ("grpc.use_local_subchannel_pool", 1),
)
NORM_TOLERANCE = 1e-2


class ServingError(Exception):
    """A model server did not give a usable answer."""


class ServingUnavailable(ServingError):
    """The server cannot be reached or is overloaded: worth another try later."""


class ServingDeadlineExceeded(ServingError):
    """No answer within the caller's time."""


class ModelNotFound(ServingError):
    """The server does not (yet) serve this model version."""


class RequestRefused(ServingError):
    """The server cannot read the request: sending it again will not help."""


class BadServingReply(ServingError):
    """The server answered, but not what the contract promises."""


class ServingReply(NamedTuple):
    """embedding float32 [N, D], scores float32 [N, K], class_ids int64 [N, K]."""

    embedding: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    version: int


class VersionStatus(NamedTuple):
    """state: START, LOADING, AVAILABLE, UNLOADING or END; error is empty when fine."""

    version: int
    state: str
    error: str


class ModelMetadata(NamedTuple):
    """Shapes of the default signature by tensor name; -1 where a side may vary."""

    version: int
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]


class _Connection:
    """A channel and its two stubs, of one process."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)


class ServingClient:
    """Talks to one TensorFlow Serving address (host:port); safe for threads and forks.

    Every call takes its timeout in seconds and raises a ServingError.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        # By process: a channel opened before a fork hangs in the child. The
        # parent's stays referenced there, because closing it hangs as well.
        self._connections: dict[int, _Connection] = {}

    def predict(
        self,
        image: np.ndarray,
        *,
        model: str,
        version: int | None,
        timeout: float,
        embedding_size: int | None = None,
    ) -> ServingReply:
        """Describe pictures: image is uint8 [N, H, W, 3] at a size of labels.json.

        version None asks for the latest. The reply is checked: types, shapes,
        finite numbers, L2 norm, the version asked for, and the embedding's
        size where it is given.
        """
        request = predict_pb2.PredictRequest()
        _name_model(request.model_spec, model, version)
        request.model_spec.signature_name = SIGNATURE_NAME
        request.inputs[IMAGE].CopyFrom(array_to_tensor(image))
        answer = self._call(self._connection().prediction.Predict, request, timeout)
        return _checked_reply(
            answer, pictures=len(image), version=version, embedding_size=embedding_size
        )

    def local_features(
        self, image: np.ndarray, *, model: str, version: int, timeout: float
    ) -> LocalFeatures:
        """The local features of one picture, uint8 [1, H, W, 3] at a size of labels.json.

        Places are in pixels of that picture. The reply is checked as that of `predict`.
        """
        request = predict_pb2.PredictRequest()
        _name_model(request.model_spec, model, version)
        request.model_spec.signature_name = LOCAL_SIGNATURE
        request.inputs[IMAGE].CopyFrom(array_to_tensor(image))
        answer = self._call(self._connection().prediction.Predict, request, timeout)
        return _checked_features(answer, version)

    def status(
        self, *, model: str, timeout: float, version: int | None = None
    ) -> tuple[VersionStatus, ...]:
        """The states of a model's versions, newest first."""
        request = get_model_status_pb2.GetModelStatusRequest()
        _name_model(request.model_spec, model, version)
        answer = self._call(self._connection().models.GetModelStatus, request, timeout)
        state_name = get_model_status_pb2.ModelVersionStatus.State.Name
        versions = [
            VersionStatus(entry.version, state_name(entry.state), entry.status.error_message)
            for entry in answer.model_version_status
        ]
        return tuple(sorted(versions, reverse=True))

    def metadata(self, *, model: str, timeout: float, version: int | None = None) -> ModelMetadata:
        """Names and shapes of the default signature."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        _name_model(request.model_spec, model, version)
        answer = self._call(self._connection().prediction.GetModelMetadata, request, timeout)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        if not answer.metadata["signature_def"].Unpack(signatures):
            raise BadServingReply("the metadata holds no signature_def")
        if SIGNATURE_NAME not in signatures.signature_def:
            raise BadServingReply(f"the model has no signature {SIGNATURE_NAME}")
        signature = signatures.signature_def[SIGNATURE_NAME]
        return ModelMetadata(
            version=answer.model_spec.version.value,
            inputs=_shapes(signature.inputs),
            outputs=_shapes(signature.outputs),
        )

    def reload(self, config, *, timeout: float) -> None:
        """Let the server serve just what a ModelServerConfig names; raises RequestRefused."""
        request = model_management_pb2.ReloadConfigRequest(config=config)
        answer = self._call(self._connection().models.HandleReloadConfigRequest, request, timeout)
        if answer.status.error_code:
            raise RequestRefused(f"{self.address}: {answer.status.error_message}")

    def close(self) -> None:
        """Close this process's connection; a later call opens a new one."""
        connection = self._connections.pop(os.getpid(), None)
        if connection is not None:
            connection.channel.close()

    def _connection(self) -> _Connection:
        process = os.getpid()
        connection = self._connections.get(process)
        if connection is None:
            connection = self._connections.setdefault(process, _Connection(self.address))
        return connection

    def _call(self, method, request, timeout: float):
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            raise _named_error(error, self.address) from error
        except ValueError as error:  # another thread closed the channel under this call
            raise ServingUnavailable(f"{self.address}: {error}") from error


def _name_model(model_spec, model: str, version: int | None) -> None:
    model_spec.name = model
    if version is not None:
        model_spec.version.value = version


_ERRORS = {
    grpc.StatusCode.UNAVAILABLE: ServingUnavailable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ServingUnavailable,
    grpc.StatusCode.CANCELLED: ServingUnavailable,
    grpc.StatusCode.ABORTED: ServingUnavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: ServingDeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: ModelNotFound,
    grpc.StatusCode.INVALID_ARGUMENT: RequestRefused,
}


def _named_error(error: grpc.RpcError, address: str) -> ServingError:
    details = error.details() or ""
    # gRPC uses one code for messages over a limit and for a full server.
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
        named = RequestRefused if "Sent message" in details else BadServingReply
        return named(f"{address}: {details}")
    named = _ERRORS.get(error.code(), BadServingReply)
    return named(f"{address}: {error.code().name} {details}")


def _shapes(tensors) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(side.size for side in info.tensor_shape.dim) for name, info in tensors.items()
    }


def _checked_features(answer, version: int) -> LocalFeatures:
    if answer.model_spec.version.value != version:
        raise BadServingReply(
            f"asked for version {version}, version {answer.model_spec.version.value} answered"
        )
    features = LocalFeatures(*(_array(answer, name) for name in LOCAL_OUTPUTS))
    count = len(features.attention)
    shapes = ((count, 2), (count, features.descriptors.shape[-1]), (count,), (count,))
    for name, array, shape in zip(LOCAL_OUTPUTS, features, shapes, strict=True):
        if array.dtype != np.float32 or array.shape != shape or not np.isfinite(array).all():
            raise BadServingReply(f"{name} is {array.dtype} {list(array.shape)}")
    return features


def _checked_reply(
    answer, *, pictures: int, version: int | None, embedding_size: int | None
) -> ServingReply:
    answered = answer.model_spec.version.value
    if version is not None and answered != version:
        raise BadServingReply(f"asked for version {version}, version {answered} answered")
    embedding = _output(answer, EMBEDDING, np.float32, pictures)
    scores = _output(answer, SCORES, np.float32, pictures)
    class_ids = _output(answer, CLASS_IDS, np.int64, pictures)
    if scores.shape != class_ids.shape:
        raise BadServingReply(f"{scores.shape} scores for {class_ids.shape} class ids")
    if embedding.shape[1] == 0 or embedding_size not in (None, embedding.shape[1]):
        raise BadServingReply(f"the embedding has {embedding.shape[1]} numbers")
    if not (np.isfinite(embedding).all() and np.isfinite(scores).all()):
        raise BadServingReply("the reply holds numbers that are not finite")
    if np.abs(np.linalg.norm(embedding, axis=1) - 1).max(initial=0) > NORM_TOLERANCE:
        raise BadServingReply("the embedding is not L2-normalized")
    return ServingReply(embedding, scores, class_ids, answered)


def _array(answer, name: str) -> np.ndarray:
    if name not in answer.outputs:
        raise BadServingReply(f"the reply has no {name}")
    try:
        return tensor_to_array(answer.outputs[name], largest_bytes=LARGEST_MESSAGE)
    except BadTensor as error:
        raise BadServingReply(f"{name}: {error}") from error


def _output(answer, name: str, numpy_type: type, pictures: int) -> np.ndarray:
    array = _array(answer, name)
    if array.dtype != numpy_type or array.ndim != 2 or len(array) != pictures:
        raise BadServingReply(f"{name} is {array.dtype} {list(array.shape)}")
    return array
