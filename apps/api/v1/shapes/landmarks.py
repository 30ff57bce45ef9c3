"""What the addresses of landmarks take and answer, as the document shows it.

The answers themselves are written by the database (landmark_rows); tests hold both together.
"""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.api.v1.errors import ProblemSerializer
from apps.api.v1.landmark_rows import FIELDS
from apps.api.v1.parameters import LARGEST_PAGE, LARGEST_RADIUS_M, PAGE_SIZE, RADIUS_M
from apps.api.v1.shapes.languages import LANGUAGE
from apps.api.v1.shapes.photos import CataloguePhotoSerializer
from apps.api.v1.shapes.problems import MEANINGS, NOT_MODIFIED, PROBLEM_JSON, problems
from apps.catalogue.models.tree import NameKind


class NameSerializer(serializers.Serializer):
    language = serializers.CharField(help_text="BCP 47, as ko or en")
    kind = serializers.ChoiceField(choices=NameKind.choices)
    text = serializers.CharField()


class CategoryReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    path = serializers.CharField(help_text="names from the root, joined by /")


class RegionReferenceSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="ISO 3166-2 of the province, and what it adds below")
    name = serializers.CharField()
    path = serializers.CharField(help_text="names from the province, joined by /")


class ArticleSerializer(serializers.Serializer):
    language = serializers.CharField(help_text="of this text; another one where yours is missing")
    title = serializers.CharField()
    body = serializers.CharField(help_text="paragraphs are separated by an empty line")


class LandmarkSerializer(serializers.Serializer):
    """A published landmark. With `fields`, the id and what was asked for."""

    id = serializers.IntegerField()
    slug = serializers.CharField(required=False, help_text="never changes")
    name = serializers.CharField(required=False, help_text="in `lang`, else Korean, else any")
    names = NameSerializer(many=True, required=False)
    category = CategoryReferenceSerializer(required=False)
    region = RegionReferenceSerializer(required=False)
    latitude = serializers.FloatField(required=False, allow_null=True, help_text="WGS84 degrees")
    longitude = serializers.FloatField(required=False, allow_null=True, help_text="WGS84 degrees")
    address = serializers.CharField(required=False, help_text="may be empty")
    external_ids = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        help_text="numbers elsewhere: aihub, kto, khs, wikidata",
    )
    photos = CataloguePhotoSerializer(
        many=True, required=False, help_text="those that may be shown"
    )
    article = ArticleSerializer(required=False, allow_null=True)
    source = serializers.CharField(required=False)
    updated_at = serializers.DateTimeField(
        required=False, help_text="when anything that is shown here changed"
    )
    url = serializers.URLField(required=False, help_text="the page for people")
    distance_m = serializers.FloatField(required=False, help_text="with `near` only; metres")


class LandmarkPageSerializer(serializers.Serializer):
    count = serializers.IntegerField(required=False, help_text="with `page` only")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LandmarkSerializer(many=True)


class PointSerializer(serializers.Serializer):
    type = serializers.CharField(help_text="Point")
    coordinates = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, help_text="longitude, latitude"
    )


class LandmarkFeatureSerializer(serializers.Serializer):
    """A landmark as a GeoJSON feature (RFC 7946)."""

    type = serializers.CharField(help_text="Feature")
    id = serializers.IntegerField()
    geometry = PointSerializer(allow_null=True)
    properties = LandmarkSerializer()


class LandmarkFeaturesSerializer(serializers.Serializer):
    """A page of landmarks as a GeoJSON feature collection."""

    type = serializers.CharField(help_text="FeatureCollection")
    count = serializers.IntegerField(required=False, help_text="with `page` only")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    features = LandmarkFeatureSerializer(many=True)


ONLY = OpenApiParameter(
    "fields",
    OpenApiTypes.STR,
    description=f"Some fields only, separated by commas: {', '.join(FIELDS)}.",
    examples=[OpenApiExample("For a map", "name,latitude,longitude")],
)
FILTERS = [
    OpenApiParameter(
        "search",
        OpenApiTypes.STR,
        description="Part of a name in any language, aliases included, or of an address; also"
        " with a typo, or Korean initial consonants. The best comes first.",
        examples=[OpenApiExample("Part of a name", "첨성"), OpenApiExample("Consonants", "ㅊㅅㄷ")],
    ),
    OpenApiParameter(
        "category",
        OpenApiTypes.STR,
        description="Slug or id of a category; what is below it counts.",
        examples=[OpenApiExample("Heritage", "heritage")],
    ),
    OpenApiParameter(
        "region",
        OpenApiTypes.STR,
        description="Code of a region; what is below it counts.",
        examples=[OpenApiExample("Seoul", "KR-11")],
    ),
    OpenApiParameter(
        "near",
        OpenApiTypes.STR,
        description="`latitude,longitude` in degrees. The nearest comes first; each has"
        " `distance_m`.",
        examples=[OpenApiExample("Gwanghwamun", "37.5759,126.9768")],
    ),
    OpenApiParameter(
        "radius_m",
        OpenApiTypes.FLOAT,
        description=f"With `near`: metres, at most {LARGEST_RADIUS_M}; otherwise {RADIUS_M}.",
        examples=[OpenApiExample("A walk", 2000)],
    ),
    OpenApiParameter(
        "bbox",
        OpenApiTypes.STR,
        description="`west,south,east,north` in degrees.",
        examples=[OpenApiExample("Gyeongju", "129.1,35.7,129.4,35.9")],
    ),
    OpenApiParameter(
        "updated_since",
        OpenApiTypes.STR,
        description="A time or a day; UTC where it names no zone. Landmarks that are not public"
        " any more are not in the list: `changes/` names them.",
        examples=[OpenApiExample("A day", "2026-11-01")],
    ),
]
PAGES = [
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
        description=f"At most {LARGEST_PAGE}.",
    ),
    OpenApiParameter(
        "page",
        {"type": "integer", "minimum": 1},
        description="A page by its number; the answer then has `count`. For people.",
    ),
    OpenApiParameter(
        "cursor",
        OpenApiTypes.STR,
        description="From `next` or `previous`. For machines: the same cost at any depth.",
    ),
]
LANDMARK = {
    "id": 27,
    "slug": "cheomseongdae",
    "name": "Cheomseongdae Observatory",
    "names": [
        {"language": "ko", "kind": "official", "text": "첨성대"},
        {"language": "en", "kind": "official", "text": "Cheomseongdae Observatory"},
    ],
    "category": {"id": 4, "name": "Historic Site", "path": "Heritage/Historic Site"},
    "region": {"code": "KR-47-130", "name": "Gyeongju", "path": "North Gyeongsang/Gyeongju"},
    "latitude": 35.8347,
    "longitude": 129.219,
    "address": "경상북도 경주시 인왕동 839-1",
    "external_ids": {"khs": "1113700310000"},
    "photos": [
        {
            "id": "6f9a1d0c-1c55-4f0e-9d55-0a8a8f3e2b11",
            "url": "https://gilnun.example/photos/6f9a1d0c-1c55-4f0e-9d55-0a8a8f3e2b11.jpg",
            "width": 1600,
            "height": 1200,
            "license": {
                "code": "CC-BY-4.0",
                "url": "https://creativecommons.org/licenses/by/4.0/",
                "may_show": True,
                "may_modify": True,
                "may_train": True,
            },
            "credit": "A photographer",
            "source": "staff",
        }
    ],
    "article": {
        "language": "ko",
        "title": "별을 보던 돌탑",
        "body": "신라 선덕여왕 때에 쌓은 돌탑입니다.",
    },
    "source": "gilnun-seed",
    "updated_at": "2026-11-02T09:30:00.123456+00:00",
    "url": "https://gilnun.example/en/landmarks/cheomseongdae/",
}
LANDMARK_LIST = {
    "operation_id": "landmarks_list",
    "parameters": [*FILTERS, LANGUAGE, ONLY, *PAGES],
    "responses": {
        (200, "application/json"): LandmarkPageSerializer,
        (200, "application/geo+json"): LandmarkFeaturesSerializer,
        **NOT_MODIFIED,
        **problems(400, 404),
    },
    "examples": [
        OpenApiExample(
            "A page",
            {"next": None, "previous": None, "results": [LANDMARK]},
            response_only=True,
            status_codes=["200"],
            media_type="application/json",
        )
    ],
}
LANDMARK_DETAIL = {
    "operation_id": "landmarks_retrieve",
    "parameters": [
        OpenApiParameter("landmark", OpenApiTypes.INT, OpenApiParameter.PATH, description="id"),
        LANGUAGE,
        ONLY,
    ],
    "responses": {
        (200, "application/json"): LandmarkSerializer,
        (200, "application/geo+json"): LandmarkFeatureSerializer,
        **NOT_MODIFIED,
        (301, PROBLEM_JSON): OpenApiResponse(ProblemSerializer, description=MEANINGS[301]),
        **problems(400, 404, 410),
    },
    "examples": [
        OpenApiExample(
            "A landmark",
            LANDMARK,
            response_only=True,
            status_codes=["200"],
            media_type="application/json",
        )
    ],
}
