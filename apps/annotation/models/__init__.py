"""From photo to labelled data: datasets, their images, tasks, annotations and reviews."""

from apps.annotation.models.annotation import Annotation, Review
from apps.annotation.models.dataset import Assignment, Dataset
from apps.annotation.models.export import Export
from apps.annotation.models.image import AnnotationImage
from apps.annotation.models.image_import import ImageImport, ImportRefusal
from apps.annotation.models.task import AnnotationTask, Draft, Skip

__all__ = [
    "Annotation",
    "AnnotationImage",
    "AnnotationTask",
    "Assignment",
    "Dataset",
    "Draft",
    "Export",
    "ImageImport",
    "ImportRefusal",
    "Review",
    "Skip",
]
