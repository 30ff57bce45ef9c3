"""Annotations that others made, stored as completed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.annotation.aihub import Document
from apps.annotation.models import Annotation, AnnotationImage, AnnotationTask, Dataset
from apps.annotation.services.preparing import dataset_named
from apps.annotation.workflow import TaskState
from apps.catalogue.models import Landmark, License


class AihubImport:
    """Stores documents batch by batch; what is stored already is left as it is."""

    source = "aihub"

    def __init__(self, *, at: datetime):
        self._at = at
        self._datasets: dict[tuple[str, str, int], Dataset] = {}
        self._licenses: dict[str, License] = {}
        self._landmarks = {
            str(landmark.external_ids["aihub"]): landmark
            for landmark in Landmark.objects.filter(external_ids__has_key="aihub")
        }
        self.unmatched: set[str] = set()

    @property
    def datasets(self) -> list[Dataset]:
        return list(self._datasets.values())

    @transaction.atomic
    def store(self, documents: Sequence[Document]) -> int:
        """Store the new ones of some documents; return how many they were."""
        by_dataset: dict[int, dict[str, Document]] = {}
        for document in documents:
            dataset = self._dataset(document)
            by_dataset.setdefault(dataset.pk, {}).setdefault(document.image_id, document)
        return sum(self._store_in(pk, wanted) for pk, wanted in by_dataset.items())

    def _store_in(self, dataset: int, wanted: dict[str, Document]) -> int:
        known = AnnotationImage.objects.filter(dataset=dataset, external_id__in=list(wanted))
        for image_id in known.values_list("external_id", flat=True):
            del wanted[image_id]
        documents = list(wanted.values())
        images = AnnotationImage.objects.bulk_create(
            self._image(dataset, document) for document in documents
        )
        tasks = AnnotationTask.objects.bulk_create(
            AnnotationTask(
                image=image,
                dataset_id=dataset,
                state=TaskState.ACCEPTED,
                submitted_at=self._at,
                completed_at=self._at,
            )
            for image in images
        )
        Annotation.objects.bulk_create(
            self._annotation(task, box)
            for task, document in zip(tasks, documents, strict=True)
            for box in document.boxes
        )
        return len(documents)

    def _image(self, dataset: int, document: Document) -> AnnotationImage:
        landmark = self._landmarks.get(document.class_id)
        if landmark is None:
            self.unmatched.add(f"{document.class_id} {document.class_name}")
        return AnnotationImage(
            dataset_id=dataset,
            name=document.file_name[-300:],
            external_id=document.image_id,
            width=document.width,
            height=document.height,
            license=self._license(document.possession),
            landmark=landmark,
            stated=document.stated,
            created_at=self._at,
        )

    def _annotation(self, task: AnnotationTask, box) -> Annotation:
        return Annotation(
            task=task,
            origin=Annotation.Origin.IMPORTED,
            external_id=box.external_id,
            **box.box._asdict(),
            **box.tags._asdict(),
            landmark=task.image.landmark,
            created_at=self._at,
        )

    def _dataset(self, document: Document) -> Dataset:
        key = (document.description, document.version, document.year)
        if key not in self._datasets:
            self._datasets[key], _ = dataset_named(
                f"{document.description} {document.version} ({document.year})"[:200],
                at=self._at,
                description=document.description,
                url=document.url,
                version=document.version[:40],
                year=document.year,
                source=self.source,
            )
        return self._datasets[key]

    def _license(self, possession: str) -> License:
        """Return the license of an owner: it may train, and is not shown until staff say so."""
        if possession not in self._licenses:
            code = f"AIHUB-{hashlib.sha256(possession.encode()).hexdigest()[:8].upper()}"
            self._licenses[possession], _ = License.objects.get_or_create(
                code=code,
                defaults={
                    "name": f"AI Hub: {possession}"[:200],
                    "holder": possession[:200],
                    "may_train": True,
                },
            )
        return self._licenses[possession]
