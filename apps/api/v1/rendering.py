"""JSON written by orjson, with pieces that the database wrote already."""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        return b"" if data is None else orjson.dumps(data)


class GeoJSONRenderer(OrjsonRenderer):
    """RFC 7946."""

    media_type = "application/geo+json"
    format = "geojson"


def pieces(texts: Iterable[str | bytes]) -> list[orjson.Fragment]:
    """Return texts that are JSON already as what `orjson` puts in as it is."""
    return [orjson.Fragment(text) for text in texts]
