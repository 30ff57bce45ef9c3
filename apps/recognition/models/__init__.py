from apps.recognition.models.choice import ChosenPhoto, ReferenceChoice
from apps.recognition.models.local_features import PhotoLocalFeatures, PhotoMatch
from apps.recognition.models.reference_index import (
    PhotoEmbedding,
    Prototype,
    ReferenceEmbedding,
    ReferenceIndex,
)
from apps.recognition.models.request import (
    Candidate,
    Feedback,
    RecognitionPhoto,
    RecognitionRequest,
    ShadowAnswer,
)
from apps.recognition.models.served_model import ServedModel
from apps.recognition.models.training_run import TrainingRun

__all__ = [
    "Candidate",
    "ChosenPhoto",
    "Feedback",
    "PhotoEmbedding",
    "PhotoLocalFeatures",
    "PhotoMatch",
    "Prototype",
    "RecognitionPhoto",
    "RecognitionRequest",
    "ReferenceChoice",
    "ReferenceEmbedding",
    "ReferenceIndex",
    "ServedModel",
    "ShadowAnswer",
    "TrainingRun",
]
