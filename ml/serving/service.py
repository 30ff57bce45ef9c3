"""TensorFlow Serving's gRPC API over the loaded models, and nothing more.

Messages and codes follow tensorflow/serving: model_servers/server_core.cc and
servables/tensorflow/predict_util.cc. Every version serves one signature
of `ml.contract`: `serving_default`, or `local_features`.
"""

from collections.abc import Callable, Sequence
from concurrent import futures
from typing import NoReturn

import grpc
import numpy as np

from ml.client import LARGEST_MESSAGE
from ml.contract import CLASS_IDS, EMBEDDING, IMAGE, LOCAL_OUTPUTS, LOCAL_SIGNATURE, SCORES
from ml.model_config import BadModelConfig, read_config
from ml.serving.loaded_models import (
    LoadedModel,
    LoadedModels,
    ModelMissing,
    UnknownLabel,
    WantedModel,
)
from ml.serving_protocol import (
    BadTensor,
    array_to_tensor,
    error_codes_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    meta_graph_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    tensor_to_array,
    types_pb2,
)

LARGEST_BATCH = 32
# Waiting requests each hold a thread; status must be answered beside them.
# Whoever comes after them is told at once that the server is full.
WORKER_THREADS = 40
REQUESTS_AT_ONCE = 40


class Refused(Exception):
    """An answer that is a gRPC status."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def build_server(models: LoadedModels, reload: Callable[[Sequence[WantedModel] | None], None]):
    """A grpc.Server, not yet started, with both services."""
    server = grpc.server(
        futures.ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="serving"),
        maximum_concurrent_rpcs=REQUESTS_AT_ONCE,
        options=(
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            # Two servers on one port would share its requests by chance.
            ("grpc.so_reuseport", 0),
        ),
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(models), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(models, reload), server)
    return server


def read_model_config(text: str, allowed_folder) -> list[WantedModel]:
    """The models of a models.config (text protobuf); raises BadModelConfig."""
    return wanted_models(read_config(text), allowed_folder)


def wanted_models(config, allowed_folder) -> list[WantedModel]:
    """The models of a ModelServerConfig, all of them below allowed_folder."""
    return [
        _wanted_model(entry, allowed_folder.resolve()) for entry in config.model_config_list.config
    ]


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata."""

    def __init__(self, models: LoadedModels) -> None:
        self._models = models

    def Predict(self, request, context):
        return _answer(context, self._predict, request, context)

    def GetModelMetadata(self, request, context):
        return _answer(context, self._metadata, request)

    def Classify(self, request, context):
        _unimplemented(context, "Classify")

    def Regress(self, request, context):
        _unimplemented(context, "Regress")

    def MultiInference(self, request, context):
        _unimplemented(context, "MultiInference")

    def _predict(self, request, context):
        model = _find(self._models, request.model_spec)
        signature = request.model_spec.signature_name or model.labels.signature
        if signature != model.labels.signature:
            raise _invalid(f'Serving signature key "{signature}" not found.')
        image = _image(request, model)
        names = _asked_outputs(request, model)
        if not context.is_active():  # the client has given up while this one waited
            raise Refused(grpc.StatusCode.CANCELLED, "the client has gone")
        response = predict_pb2.PredictResponse()
        _name_version(response.model_spec, request, model)
        response.model_spec.signature_name = signature
        for name, array in model.run(image, names).items():
            response.outputs[name].CopyFrom(array_to_tensor(array))
        return response

    def _metadata(self, request):
        if list(request.metadata_field) != ["signature_def"]:
            raise _invalid(f"Metadata field {list(request.metadata_field)} is not supported")
        model = _find(self._models, request.model_spec)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        _name_version(response.model_spec, request, model)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signatures.signature_def[model.labels.signature].CopyFrom(_signature(model))
        response.metadata["signature_def"].Pack(signatures)
        return response


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, models: LoadedModels, reload) -> None:
        self._models = models
        self._reload = reload

    def GetModelStatus(self, request, context):
        return _answer(context, self._status, request)

    def HandleReloadConfigRequest(self, request, context):
        """An empty config reads the server's own again; another one replaces it."""
        response = model_management_pb2.ReloadConfigResponse()
        try:
            self._reload(request.config if request.config.ByteSize() else None)
        except (BadModelConfig, OSError) as error:
            response.status.error_code = error_codes_pb2.INVALID_ARGUMENT
            response.status.error_message = str(error)
        return response

    def _status(self, request):
        name, version = request.model_spec.name, request.model_spec.version.value
        try:
            states = self._models.states(name)
        except ModelMissing as error:
            raise _missing(f"Could not find any versions of model {name}") from error
        if version:
            if version not in states:
                raise _missing(f"Could not find version {version} of model {name}")
            states = {version: states[version]}
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, state in sorted(states.items(), reverse=True):
            kinds = get_model_status_pb2.ModelVersionStatus
            entry = response.model_version_status.add(
                version=version, state=kinds.AVAILABLE if state.loaded else kinds.END
            )
            if state.error:
                entry.status.error_code = error_codes_pb2.FAILED_PRECONDITION
                entry.status.error_message = state.error
        return response


def _answer(context, method, *arguments):
    try:
        return method(*arguments)
    except Refused as refusal:
        context.abort(refusal.code, str(refusal))


def _unimplemented(context, method: str) -> NoReturn:
    context.abort(
        grpc.StatusCode.UNIMPLEMENTED,
        f"{method} is not served here: these models take pictures as tensors, use Predict",
    )


def _invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def _missing(message: str) -> Refused:
    return Refused(grpc.StatusCode.NOT_FOUND, message)


def _find(models: LoadedModels, spec) -> LoadedModel:
    if not spec.name:
        raise _invalid("Missing ModelSpec")
    try:
        # Some clients, ovmsclient among them, say 0 for "any".
        if spec.version.value:
            wanted = f"Specific({spec.name}, {spec.version.value})"
            return models.version(spec.name, spec.version.value)
        if spec.HasField("version_label"):
            wanted = f"Label({spec.name}, {spec.version_label})"
            return models.labelled(spec.name, spec.version_label)
        wanted = f"Latest({spec.name})"
        return models.latest(spec.name)
    except ModelMissing as error:
        raise _missing(f"Servable not found for request: {wanted}") from error
    except UnknownLabel as error:
        raise _invalid(f"Unrecognized servable version label: {spec.version_label}") from error


def _image(request, model: LoadedModel) -> np.ndarray:
    extra = sorted(set(request.inputs) - {IMAGE})
    if extra or IMAGE not in request.inputs:
        missing = [] if IMAGE in request.inputs else [IMAGE]
        raise _invalid(
            f"input size does not match signature: {len(request.inputs)}!=1. "
            f"Sent extra: {extra}. Missing but required: {missing}."
        )
    try:
        image = tensor_to_array(request.inputs[IMAGE], largest_bytes=LARGEST_MESSAGE)
    except BadTensor as error:
        raise _invalid(f"{IMAGE}: {error}") from error
    if image.dtype != np.uint8 or image.ndim != 4 or image.shape[3] != 3:
        raise _invalid(f"{IMAGE} must be uint8 [N, H, W, 3], is {image.dtype} {list(image.shape)}")
    most = 1 if model.labels.signature == LOCAL_SIGNATURE else LARGEST_BATCH
    if not 1 <= len(image) <= most:
        raise _invalid(f"{IMAGE} must hold 1 to {most} pictures, holds {len(image)}")
    if image.shape[1:3] not in model.labels.input_sizes:
        sizes = ", ".join(f"{size.height}x{size.width}" for size in model.labels.input_sizes)
        raise _invalid(
            f"{IMAGE} is {image.shape[1]}x{image.shape[2]}; the model takes height x width {sizes}"
        )
    return image


def _asked_outputs(request, model: LoadedModel) -> list[str]:
    known = model.output_names()
    for name in request.output_filter:
        if name not in known:
            raise _invalid(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {{{', '.join(known)}}}."
            )
    return list(dict.fromkeys(request.output_filter)) or known


def _name_version(spec, request, model: LoadedModel) -> None:
    spec.name = request.model_spec.name
    spec.version.value = model.version


def _signature(model: LoadedModel):
    signature = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/predict")
    if model.labels.signature == LOCAL_SIGNATURE:
        _describe(signature.inputs[IMAGE], IMAGE, types_pb2.DT_UINT8, (1, -1, -1, 3))
        sizes = ((-1, 2), (-1, model.labels.embedding_size), (-1,), (-1,))
        for name, size in zip(LOCAL_OUTPUTS, sizes, strict=True):
            _describe(signature.outputs[name], name, types_pb2.DT_FLOAT, size)
        return signature
    _describe(signature.inputs[IMAGE], IMAGE, types_pb2.DT_UINT8, (-1, -1, -1, 3))
    head = model.head_size(SCORES)
    for name, wire_type, size in (
        (EMBEDDING, types_pb2.DT_FLOAT, model.labels.embedding_size),
        (SCORES, types_pb2.DT_FLOAT, head),
        (CLASS_IDS, types_pb2.DT_INT64, head),
    ):
        _describe(signature.outputs[name], name, wire_type, (-1, size))
    return signature


def _describe(info, name: str, wire_type: int, shape: tuple[int, ...]) -> None:
    info.name = f"{name}:0"
    info.dtype = wire_type
    for side in shape:
        info.tensor_shape.dim.add(size=side)


def _wanted_model(entry, allowed_folder) -> WantedModel:
    folder = (allowed_folder / entry.base_path).resolve()
    if not entry.name or not folder.is_relative_to(allowed_folder) or not folder.is_dir():
        raise BadModelConfig(
            f"model {entry.name!r}: base_path {entry.base_path!r} is no folder "
            f"below {allowed_folder}"
        )
    policy = entry.model_version_policy
    if policy.HasField("specific"):
        versions = tuple(policy.specific.versions)
    elif policy.HasField("all"):
        versions = None
    elif policy.latest.num_versions > 1:
        raise BadModelConfig(f"model {entry.name}: latest serves one version; name them instead")
    else:
        versions = ()
    return WantedModel(entry.name, folder, versions, dict(entry.version_labels))
