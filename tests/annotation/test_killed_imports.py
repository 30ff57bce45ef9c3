"""Imports that are killed in their middle and begun again, in processes of their own."""

import json
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    ImageImport,
)
from bench.aihub_import import write_labels
from tests.annotation.test_pictures import encoded
from tests.environment import CLUSTER, ROOT
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LicenseFactory
from tests.running import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
LABELS = 6000
PICTURES = 60


def command(*arguments) -> subprocess.Popen:
    from portal.database_cluster import OWNER

    url = CLUSTER.url(OWNER, connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "GILNUN_DATA_DIR": str(settings.MEDIA_ROOT.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed_after(count: int, *arguments) -> int:
    """Run a command until so many files were dealt with, kill it; return how many were."""
    process = command(*arguments)

    def far_enough() -> bool:
        assert process.poll() is None, "the import was over before it could be killed"
        run = ImageImport.objects.order_by("-pk").first()
        return run is not None and run.position >= count

    try:
        wait_until(far_enough, seconds=60, what="the import")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return ImageImport.objects.get(finished_at=None).position


def finished(*arguments) -> dict:
    process = command(*arguments)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return json.loads(output.splitlines()[-1])


@pytest.mark.R4
def test_a_killed_import_of_aihub_goes_on_without_loss_or_double(tmp_path):
    write_labels(tmp_path / "labels", LABELS)

    position = killed_after(1000, "import_aihub", tmp_path / "labels")
    report = finished("import_aihub", tmp_path / "labels")

    assert 1000 <= position < LABELS
    assert (report["resumed_after"], report["created"], report["refused"]) == (position, LABELS, [])
    assert AnnotationImage.objects.count() == LABELS
    assert AnnotationTask.objects.completed().count() == LABELS
    assert Annotation.objects.count() == LABELS


@pytest.mark.R4
def test_a_killed_import_of_pictures_goes_on_without_loss_or_double(tmp_path):
    LicenseFactory(code="OWN")
    dataset = DatasetFactory()
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(PICTURES):
        picture = encoded(size=(1600 + number, 1200))
        (folder / f"{number:03}.jpg").write_bytes(picture)
    arguments = ("import_images", dataset.pk, folder, "--license", "OWN")

    position = killed_after(5, *arguments)
    report = finished(*arguments)

    assert 5 <= position < PICTURES
    assert (report["resumed_after"], report["added"]) == (position, PICTURES)
    assert AnnotationTask.objects.count() == PICTURES
    files = list((settings.MEDIA_ROOT / "annotation").rglob("*.jpg"))
    assert len(files) == PICTURES
