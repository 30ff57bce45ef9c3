"""What one of each thing costs to keep, and a photo to take in: the figures of docs/scaling.md.

The other unit costs are rows of `pages`, `annotation_load`, `photo_to_answer`, `vector_index`.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from bench.catalogue import filled_database
from bench.renditions import twelve_megapixels
from bench.rows import Row

LANDMARKS, PHOTOS = 25_000, 100_000
IMPORTED = 6
TASKS, SUBMITTED = 20_000, 1_000
CHANGED = 5_000
DESCRIBED, NUMBERS = 4_000, 2560
# Tables by what their rows belong to.
OF_LANDMARKS = (
    *("catalogue_landmark", "catalogue_content", "catalogue_searchentry", "guide_article"),
)
OF_PHOTOS = ("catalogue_photo",)
OF_TASKS = ("annotation_annotationimage", "annotation_annotationtask")
OF_WORK = ("annotation_annotation", "operations_auditentry", "operations_event")
OF_CHANGES = ("operations_auditentry",)
OF_VECTORS = ("recognition_photoembedding", "recognition_referenceembedding")


def run() -> list[Row]:
    """Fill a database and look at its tables; import a few photos of 12 MP."""
    with filled_database(landmarks=LANDMARKS, photos=PHOTOS) as database:
        filled = database.call("bench.unit_costs:sizes")
        database.call("bench.unit_costs:change", count=CHANGED)
        changed = database.call("bench.unit_costs:sizes")
        dataset, _ = database.call("tests.crowd:make", people=1, tasks=TASKS, leases=0)
        asked = database.call("bench.unit_costs:sizes")
        database.call("bench.unit_costs:annotate", dataset=dataset, count=SUBMITTED)
        annotated = database.call("bench.unit_costs:sizes")
        database.call("bench.unit_costs:describe", count=DESCRIBED)
        described = database.call("bench.unit_costs:sizes")
    with filled_database(landmarks=0, photos=0) as database, tempfile.TemporaryDirectory() as to:
        folder = Path(to) / "bench"
        folder.mkdir()
        for number in range(IMPORTED):
            (folder / f"{number}.jpg").write_bytes(twelve_megapixels(seed=number))
        taken = database.call("bench.unit_costs:take_in", folder=to)
    submitted = _of(annotated, OF_WORK) - _of(asked, OF_WORK)
    vectors = _of(described, OF_VECTORS) - _of(filled, OF_VECTORS)
    history = _of(changed, OF_CHANGES) - _of(filled, OF_CHANGES)
    return [
        _bytes("landmark, names, texts, indexes", _of(filled, OF_LANDMARKS) / LANDMARKS),
        _bytes("row of a photo", _of(filled, OF_PHOTOS) / PHOTOS),
        _bytes("entry in the log of changes", history / CHANGED),
        _bytes("image and task of annotation", _of(asked, OF_TASKS) / TASKS),
        _bytes("annotation with its log and event", submitted / SUBMITTED),
        _bytes("reference photo: vectors and their index", vectors / DESCRIBED),
        Row(
            "take in a photo of 12 MP, with renditions",
            taken["processor"],
            "s processor",
            "",
            None,
            f"{IMPORTED} photos, checked, stored and all renditions made",
        ),
        Row("… files of it", taken["megabytes"], "MB", "", None, "original and renditions"),
    ]


def _bytes(name: str, size: float) -> Row:
    return Row(f"database: {name}", size, "bytes", "", None, "table and indexes")


def _of(sizes: dict[str, int], beginnings: tuple[str, ...]) -> int:
    """Add up the tables whose names begin so."""
    return sum(size for table, size in sizes.items() if table.startswith(beginnings))


def sizes() -> dict[str, int]:
    """Return the bytes of each table with its indexes. Runs in a process with Django."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return dict(cursor.fetchall())


def change(count: int) -> int:
    """Change landmarks as a bulk edit does. Runs in a process with Django."""
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.catalogue.history import change_many
    from apps.catalogue.models import Landmark

    by = User.objects.create_superuser("bench-costs", password=None)
    keys = Landmark.objects.order_by("pk").values_list("pk", flat=True)[:count]
    rows = Landmark.objects.filter(pk__in=list(keys)).order_by("pk")
    return len(change_many(rows, {"source": "bulk"}, by=by, at=timezone.now()).changes)


def annotate(dataset: int, count: int) -> int:
    """Submit so many tasks as one person. Runs in a process with Django."""
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.annotation.services.claiming import claim_next_task
    from apps.annotation.services.submitting import submit_annotation
    from tests.crowd import BOX

    by = User.objects.get(username=f"crowd-{dataset}-0")
    for _ in range(count):
        task = claim_next_task(by=by, at=timezone.now(), dataset_id=dataset)
        submit_annotation(task.pk, token=task.token, values=BOX, by=by, at=timezone.now())
    return count


def describe(count: int) -> int:
    """Store vectors of so many photos, as the default model describes them.

    Runs in a process with Django.
    """
    import numpy as np
    from django.utils import timezone
    from pgvector import HalfVector

    from apps.catalogue.models import Photo
    from apps.recognition.models import (
        PhotoEmbedding,
        ReferenceEmbedding,
        ReferenceIndex,
        ServedModel,
    )
    from apps.recognition.models.reference_index import PROJECTED_SIZE

    chance = np.random.default_rng(5)
    at = timezone.now()
    model = ServedModel.objects.create(
        name="bench", version=1, embedding_size=NUMBERS, input_sizes=[[336, 448]], created_at=at
    )
    index = ReferenceIndex.objects.create(
        model=model,
        version=1,
        projection=b"",
        background=b"",
        calibration={},
        references=count,
        nonlandmarks=0,
        built_at=at,
    )
    photos = list(Photo.objects.order_by("pk")[:count])
    raw = chance.standard_normal((count, NUMBERS)).astype(np.float16)
    PhotoEmbedding.objects.bulk_create(
        PhotoEmbedding(photo=photo, model=model, embedding=row.tobytes())
        for photo, row in zip(photos, raw, strict=True)
    )
    ReferenceEmbedding.objects.bulk_create(
        (
            ReferenceEmbedding(
                index=index,
                photo=photo,
                landmark_id=photo.landmark_id,
                embedding=HalfVector(row[:PROJECTED_SIZE]),
            )
            for photo, row in zip(photos, raw, strict=True)
        ),
        batch_size=500,
    )
    return count


def take_in(folder: str) -> dict[str, float]:
    """Import the photos below a folder and make their renditions; return the cost of one.

    Runs in a process with Django.
    """
    import psutil
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from apps.catalogue.models import Category, Landmark, Photo, Region
    from apps.catalogue.renditions import each_due

    def spent() -> float:
        """Processor time of this process and of those that decode for it."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = time.process_time() + ended.ru_utime + ended.ru_stime
        for child in psutil.Process().children(recursive=True):
            times = child.cpu_times()
            seconds += times.user + times.system
        return seconds

    Landmark.objects.create(
        slug="bench",
        category=Category.objects.create(slug="bench"),
        region=Region.objects.order_by("pk").first(),
        created_at=timezone.now(),
        updated_at=timezone.now(),
    )
    before = spent()
    call_command("import_photos", folder, "--license", "OWN", verbosity=0)
    made = len(list(each_due()))
    seconds = spent() - before
    if made != IMPORTED or Photo.objects.count() != IMPORTED:
        raise RuntimeError(f"{made} of {IMPORTED} photos were taken in")
    files = [each for each in Path(settings.DATA_DIR, "media").rglob("*") if each.is_file()]
    together = sum(each.stat().st_size for each in files)
    return {"processor": seconds / IMPORTED, "megabytes": together / IMPORTED / 2**20}
