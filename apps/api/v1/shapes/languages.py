"""The language of an answer, as the document shows it."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

LANGUAGE = OpenApiParameter(
    "lang",
    OpenApiTypes.STR,
    description="Language of names and texts; without it, what `Accept-Language` prefers. What"
    " does not exist in it comes in Korean, else in any language; `article.language` says which.",
    examples=[OpenApiExample("English", "en")],
)
