import json

import grpc
import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone
from google.protobuf import text_format

from apps.catalogue.models import Photo
from apps.operations.models import AuditEntry, Job
from apps.recognition import promoting, reference_index, services, serving, shadow
from apps.recognition.model_server import let_serve, registered_model, write_config
from apps.recognition.models import (
    PhotoEmbedding,
    RecognitionRequest,
    ReferenceEmbedding,
    ReferenceIndex,
    ServedModel,
    ShadowAnswer,
)
from apps.recognition.tasks import ask_canary
from ml.client import ServingClient
from ml.model_config import CONFIG_FILE, stable_folder
from ml.serving.process import ModelServerProcess
from ml.serving_protocol import (
    array_to_tensor,
    model_server_config_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)
from tests.recognition.exports import add_export
from tests.recognition.places import learn_places

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TINY = "landmarks-tiny"


@pytest.fixture
def server(settings, tmp_path):
    """A model server of its own, which serves what models.config names."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.RECOGNITION_PROFILE = "tiny"
    settings.EMBEDDED_MODEL_SERVER = False
    add_export(settings.MODELS_DIR, TINY, 1)
    write_config(registered_model())
    config = settings.MODELS_DIR / CONFIG_FILE
    with ModelServerProcess(settings.MODELS_DIR, "--model-config", str(config)) as running:
        settings.TF_SERVING_ADDRESS = running.address
        client = ServingClient(running.address)
        yield client
        client.close()


@pytest.fixture
def known(server, db, photo_of):
    """The known places, learned by version 1."""
    return learn_places(photo_of)


def serve(capsys, *words: str) -> tuple[int, dict]:
    code = 0
    try:
        call_command("serve_model", *words)
    except SystemExit as exit:
        code = exit.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def versions(client: ServingClient) -> dict[int, str]:
    return {each.version: each.state for each in client.status(model=TINY, timeout=5)}


def answered_by() -> tuple[str, int]:
    model = reference_index.active_index().model
    return model.name, model.version


def test_a_canary_is_promoted_and_taken_back(known, server, settings, capsys, photo_of):
    add_export(settings.MODELS_DIR, TINY, 2)
    _, before = serve(capsys, "list")
    assert before["stable"]["version"] == 1
    assert before["canary"] is None
    assert before["exports"] == [{"model": TINY, "version": 2}]

    code, canary = serve(capsys, "canary", TINY)

    assert (code, canary["version"], canary["references"]) == (0, 2, 18)
    assert answered_by() == (TINY, 1)
    assert versions(server) == {1: "AVAILABLE", 2: "AVAILABLE"}

    code, promoted = serve(capsys, "promote")

    assert (code, promoted["version"]) == (0, 2)
    assert promoted["before"] == {"model": TINY, "version": 1}
    assert answered_by() == (TINY, 2)
    asked = services.answer_photos([photo_of("gate", 100)])
    assert (asked.model_version, asked.certainty != "unknown") == (2, True)

    code, back = serve(capsys, "rollback")

    assert (code, back["version"], back["before"]["version"]) == (0, 1, 2)
    assert answered_by() == (TINY, 1)
    assert services.answer_photos([photo_of("gate", 100)]).model_version == 1
    stages = dict(ServedModel.objects.values_list("version", "stage"))
    assert stages == {1: "stable", 2: "retired"}


def test_switches_are_in_the_log(known, server, settings, capsys):
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "promote", TINY, "2")

    entries = AuditEntry.objects.filter(subject_type="recognition.servedmodel", action="changed")

    changed = {
        (each.before["version"], each.before["stage"], each.after["stage"]): each.by_name
        for each in entries
    }
    assert changed == {
        (1, "stable", "retired"): "serve_model",
        (2, "retired", "stable"): "serve_model",
    }


def test_labels_name_stable_and_canary_in_the_file_that_both_servers_read(
    known, server, settings, capsys
):
    add_export(settings.MODELS_DIR, TINY, 2)
    add_export(settings.MODELS_DIR, "other", 7)
    serve(capsys, "promote", TINY, "2")
    serve(capsys, "canary", "other")

    text = (settings.MODELS_DIR / CONFIG_FILE).read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())

    assert "allow_version_labels_for_unavailable_models" in text
    found = {
        entry.name: (
            entry.base_path,
            entry.model_platform,
            list(entry.model_version_policy.specific.versions),
            dict(entry.version_labels),
        )
        for entry in config.model_config_list.config
    }
    assert found == {
        # Version 1 stays loaded, so that going back takes no time.
        TINY: (str(settings.MODELS_DIR / TINY), "tensorflow", [1, 2], {"stable": 2}),
        "other": (str(settings.MODELS_DIR / "other"), "tensorflow", [7], {"canary": 7}),
    }
    status = server.status(model="other", timeout=5)
    assert [each.version for each in status] == [7]


def test_a_server_started_with_the_file_answers_by_both_labels(known, settings, capsys):
    add_export(settings.MODELS_DIR, TINY, 2)
    add_export(settings.MODELS_DIR, "other", 7)
    serve(capsys, "promote", TINY, "2")
    serve(capsys, "canary", "other")
    config = settings.MODELS_DIR / CONFIG_FILE

    with (
        ModelServerProcess(settings.MODELS_DIR, "--model-config", str(config)) as fresh,
        grpc.insecure_channel(fresh.address) as channel,
    ):
        found = [
            version_called(channel, TINY, "stable"),
            version_called(channel, "other", "canary"),
        ]

    serve(capsys, "rollback")
    text = config.read_text()
    assert found == [2, 7]
    assert stable_folder(settings.MODELS_DIR) == settings.MODELS_DIR / TINY / "1"
    assert "canary" in text


def version_called(channel: grpc.Channel, model: str, label: str) -> int:
    """Ask as any client of TensorFlow Serving does; return the version that answered."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.version_label = label
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    request.inputs["image"].CopyFrom(array_to_tensor(picture))
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    return stub.Predict(request, timeout=10).model_spec.version.value


def test_a_running_server_hears_of_labels_after_it_has_loaded(known, settings, monkeypatch):
    """TensorFlow Serving refuses a label of a version that it has not loaded."""
    told = []
    monkeypatch.setattr(serving, "reload", lambda models, *, seconds: told.append(list(models)))

    assert let_serve()

    first, second = told
    assert [each.labels for each in first] == [{}]
    assert [each.labels for each in second] == [{"stable": 1}]
    assert [each.versions for each in first] == [each.versions for each in second] == [(1,)]


def test_a_switch_that_fails_leaves_everything_as_it_was(
    known, settings, capsys, monkeypatch, photo_of
):
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)
    before = (settings.MODELS_DIR / CONFIG_FILE).read_text()

    def broken(stable: ServedModel) -> None:
        raise RuntimeError("the database went away")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(promoting, "_forget_others", broken)
        call_command("serve_model", "promote")

    assert answered_by() == (TINY, 1)
    stages = dict(ServedModel.objects.values_list("version", "stage"))
    assert stages == {1: "stable", 2: "canary"}
    assert (settings.MODELS_DIR / CONFIG_FILE).read_text() == before
    assert services.answer_photos([photo_of("gate", 100)]).model_version == 1


def test_a_path_of_its_own_for_tensorflow_serving(known, settings):
    settings.SERVED_MODELS_PATH = "/models"

    write_config()

    config = text_format.Parse(
        (settings.MODELS_DIR / CONFIG_FILE).read_text(), model_server_config_pb2.ModelServerConfig()
    )
    assert [entry.base_path for entry in config.model_config_list.config] == [f"/models/{TINY}"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["promote"], "There is no canary"),
        (["promote", "nobody"], "There is no exported nobody"),
        (["promote", TINY, "1"], "answers already"),
        (["canary", TINY, "1"], "is the model that answers"),
        (["canary", TINY, "9"], f"There is no exported {TINY} 9"),
        (["rollback"], "no model to go back to"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(known, capsys, words, says):
    code, report = serve(capsys, *words)

    assert code == 2
    assert says in report["error"]
    assert answered_by() == (TINY, 1)
    assert ReferenceIndex.objects.count() == 1


def test_classes_that_are_no_landmarks_are_listed_and_refused(known, settings, capsys):
    landmark = known["gate"]
    landmark.external_ids = {"aihub": "0042"}
    landmark.save()
    classes = [
        {"slug": "gate", "external_ids": {}},
        {"slug": "other-name", "external_ids": {"aihub": "0042"}},
        {"slug": "nowhere", "external_ids": {"aihub": "0043"}},
    ]
    add_export(settings.MODELS_DIR, TINY, 2, classes=classes)

    code, report = serve(capsys, "canary", TINY)

    assert (code, report["unknown_classes"]) == (2, ["nowhere"])
    assert not ServedModel.objects.filter(stage="canary").exists()


def test_a_damaged_export_is_not_taken(known, settings, capsys):
    folder = add_export(settings.MODELS_DIR, TINY, 2)
    (folder / "model.onnx").write_bytes(b"")

    code, report = serve(capsys, "promote", TINY)

    assert code == 2
    assert "is not what was exported" in report["error"]


def test_a_reference_added_meanwhile_is_in_the_promoted_index(known, settings, capsys):
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)
    moved = Photo.objects.references().filter(landmark=known["tower"]).first()
    Photo.objects.filter(pk=moved.pk).update(landmark=known["gate"])

    serve(capsys, "promote")

    index = reference_index.active_index()
    row = ReferenceEmbedding.objects.get(index=index, photo=moved)
    assert row.landmark == known["gate"]
    counts = dict(index.prototypes.values_list("landmark__slug", "references"))
    assert counts == {"tower": 5, "gate": 7, "bridge": 6}


def test_two_promotions_later_the_first_model_is_forgotten(known, settings, capsys):
    for version in (2, 3):
        add_export(settings.MODELS_DIR, TINY, version)
        serve(capsys, "promote", TINY, str(version))

    kept = set(ReferenceIndex.objects.values_list("model__version", flat=True))
    assert kept == {2, 3}
    assert set(PhotoEmbedding.objects.values_list("model__version", flat=True)) == {2, 3}


def test_the_canary_is_asked_of_a_share_of_the_photos_and_compared(
    known, settings, capsys, photo_of
):
    settings.SHADOW_PERCENT = 100
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)

    asked = services.answer_photos([photo_of("gate", 100)])
    job = Job.objects.get(task="apps.recognition.tasks.ask_canary")
    assert asked.model_version == 1
    for _ in range(2):  # a second message does no harm
        ask_canary(job=job.pk)

    answer = ShadowAnswer.objects.get()
    assert (answer.request, answer.agrees, answer.model.version) == (asked, True, 2)
    assert answer.landmark == known["gate"]
    _, listed = serve(capsys, "list")
    shadow = listed["canary"]["shadow"]
    assert (shadow["asked"], shadow["agreement"]) == (1, 1.0)
    assert shadow["p50"] > 0 < shadow["stable_p50"]
    services.delete_request(asked, at=timezone.now())
    assert not ShadowAnswer.objects.exists()


def test_the_page_of_a_model_shows_the_comparison(
    known, settings, capsys, photo_of, admin_client, in_english
):
    settings.SHADOW_PERCENT = 100
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)
    services.answer_photos([photo_of("gate", 100)])
    ask_canary(job=Job.objects.get(task="apps.recognition.tasks.ask_canary").pk)
    ShadowAnswer.objects.update(agrees=False, landmark=known["tower"])
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    listed = admin_client.get("/admin/recognition/servedmodel/").content.decode()
    canary = ServedModel.objects.get(stage="canary")
    page = admin_client.get(f"/admin/recognition/servedmodel/{canary.pk}/change/").content.decode()

    assert "0.0%" in listed and "asked beside the stable one" in listed.lower()
    assert "tower 장소" in page


def test_a_canary_that_fails_keeps_no_visitor_from_an_answer(known, settings, capsys, photo_of):
    settings.SHADOW_PERCENT = 100
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)
    asked = services.answer_photos([photo_of("gate", 100)])
    reached, settings.TF_SERVING_ADDRESS = settings.TF_SERVING_ADDRESS, "127.0.0.1:9"
    for _ in range(3):
        with pytest.raises(serving.ServingUnavailable):
            shadow.ask_canary(str(asked.pk))
    settings.TF_SERVING_ADDRESS = reached

    answered = services.answer_photos([photo_of("gate", 101)])

    assert shadow.breaker.is_open()
    assert not serving.breaker_is_open()
    assert (answered.state, answered.model_version) == ("done", 1)


def test_no_photo_is_drawn_where_the_share_is_nothing(known, settings, capsys, photo_of):
    settings.SHADOW_PERCENT = 0
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)

    services.answer_photos([photo_of("gate", 100)])

    assert not Job.objects.filter(task="apps.recognition.tasks.ask_canary").exists()


def test_a_deleted_photo_is_not_shown_to_the_canary(known, settings, capsys, photo_of):
    settings.SHADOW_PERCENT = 100
    add_export(settings.MODELS_DIR, TINY, 2)
    serve(capsys, "canary", TINY)
    asked = services.answer_photos([photo_of("gate", 100)])
    services.delete_request(asked, at=timezone.now())

    ask_canary(job=Job.objects.get(task="apps.recognition.tasks.ask_canary").pk)

    assert not ShadowAnswer.objects.exists()
    assert RecognitionRequest.objects.get().deleted_at


def test_set_up_leaves_a_promoted_model_alone(known, settings, capsys):
    from portal.management.commands.set_up import Command

    add_export(settings.MODELS_DIR, "other", 1)
    serve(capsys, "promote", "other")

    Command()._follow(registered_model())

    assert answered_by() == ("other", 1)
    assert promoting._of_stage("stable")[0].chosen_at is not None
