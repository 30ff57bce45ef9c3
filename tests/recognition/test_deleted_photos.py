"""A photo that recognition knows is deleted and brought back like any other."""

import pytest
from django.core.files.base import ContentFile

from apps.accounts.models import User
from apps.catalogue.models import Photo
from apps.operations.models import AuditEntry
from apps.recognition.models import PhotoEmbedding, ServedModel
from tests.factories.catalogue import PhotoFactory

pytestmark = pytest.mark.django_db


def test_a_described_photo_is_deleted_and_comes_back(client):
    client.force_login(User.objects.create_superuser("editor", password="long enough to be one"))
    photo = PhotoFactory(reference=True)
    photo.file.save("photo.jpg", ContentFile(b"the photo"))
    model = ServedModel.objects.create(
        name="tiny", version=1, embedding_size=2, input_sizes=[[8, 8]], created_at=photo.created_at
    )
    PhotoEmbedding.objects.create(photo=photo, model=model, embedding=b"\0\1")

    client.post(f"/admin/catalogue/photo/{photo.pk}/delete/", {"post": "yes"})

    assert not Photo.objects.exists()
    entry = AuditEntry.objects.get(action="deleted")
    answer = client.post(f"/admin/catalogue/photo/deleted/{entry.pk}/restore/", follow=True)
    assert not [str(each) for each in answer.context["messages"] if each.level_tag == "error"]
    assert Photo.objects.get().pk == photo.pk
