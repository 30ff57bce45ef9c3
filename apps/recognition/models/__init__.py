from apps.recognition.models.choice import ChosenPhoto, ReferenceChoice
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

__all__ = [
    "Candidate",
    "ChosenPhoto",
    "Feedback",
    "PhotoEmbedding",
    "Prototype",
    "RecognitionPhoto",
    "RecognitionRequest",
    "ReferenceChoice",
    "ReferenceEmbedding",
    "ReferenceIndex",
    "ServedModel",
    "ShadowAnswer",
]
