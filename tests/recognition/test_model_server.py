import pytest
from django.core.management import CommandError, call_command

from apps.recognition.model_server import ModelChanged, registered_model
from apps.recognition.models import ServedModel

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_registered_model_makes_its_row_once(model_settings):
    assert registered_model() == registered_model()
    assert ServedModel.objects.get().embedding_size == 64


def test_another_model_under_an_old_number_is_refused_with_what_to_do(model_settings):
    registered_model()
    ServedModel.objects.update(input_sizes=[[1, 1]])

    with pytest.raises(ModelChanged, match="--version 2"):
        registered_model()


def test_set_up_refuses_it_too(model_settings, monkeypatch, settings, tmp_path):
    from portal.management.commands import set_up

    settings.STATIC_ROOT = tmp_path / "static"
    settings.QUEUE_CONNINFO = ""
    registered_model()
    ServedModel.objects.update(input_sizes=[[1, 1]])
    called = []
    monkeypatch.setattr(set_up, "call_command", lambda name, **options: called.append(name))

    with pytest.raises(CommandError, match="another model"):
        call_command("set_up")

    assert "seed_demo" not in called
