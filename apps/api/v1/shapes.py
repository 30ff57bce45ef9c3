"""What the read addresses take and answer, as the document shows it.

The answers themselves are written by the database (landmark_rows); tests hold both together.
"""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.api.v1.errors import ProblemSerializer
from apps.api.v1.landmark_rows import FIELDS
from apps.api.v1.parameters import LARGEST_PAGE, LARGEST_RADIUS_M, PAGE_SIZE, RADIUS_M
from apps.api.v1.similar import CataloguePhotoSerializer, PhotoLicenseSerializer
from apps.catalogue.models import FullFile, License
from apps.catalogue.models.tree import NameKind

CHANGES = 100
MOST_CHANGES = 1000
CHANGE_KINDS = [
    ("created", "public since the cursor"),
    ("updated", "something that it shows changed"),
    ("unpublished", "not public any more"),
    ("deleted", "removed for good"),
    ("merged", "one with another landmark now"),
]
MEDIA_TYPES = {
    FullFile.Format.JSON_LINES: "application/jsonl",
    FullFile.Format.CSV: "text/csv",
    FullFile.Format.GEOJSON: "application/geo+json",
    FullFile.Format.PARQUET: "application/vnd.apache.parquet",
}
PROBLEM_JSON = "application/problem+json"
MEANINGS = {
    301: "merged into another landmark: its address is in `Location`, its id in `merged_into`",
    304: "the client holds this very answer (`If-None-Match`, `If-Modified-Since`)",
    400: "a value of the query cannot be used; `field` names it",
    401: "the key is unknown, expired or revoked",
    403: "the key may not do this",
    404: "there is nothing at this address",
    406: "no representation that the client accepts",
    410: "it was there and is not any more",
    429: "the limit is used up; `Retry-After` says when to go on",
}


def problems(*codes: int) -> dict:
    """Return the documented errors of an operation; every one may meet a key and a limit."""
    wanted = sorted({401, 403, 406, 429, *codes})
    return {
        (code, PROBLEM_JSON): OpenApiResponse(ProblemSerializer, description=MEANINGS[code])
        for code in wanted
    }


NOT_MODIFIED = {304: OpenApiResponse(None, description=MEANINGS[304])}


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


class CategorySerializer(serializers.Serializer):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    path = serializers.CharField()
    parent = serializers.IntegerField(allow_null=True)
    landmarks = serializers.IntegerField(help_text="published ones, those below included")


class RegionSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    path = serializers.CharField()
    parent = serializers.CharField(allow_null=True, help_text="code")
    landmarks = serializers.IntegerField(help_text="published ones, those below included")


class LicenseSerializer(serializers.ModelSerializer):
    """A license of photos, and what it allows. may_modify false: show the photo as it is."""

    class Meta:
        model = License
        fields = [*PhotoLicenseSerializer.Meta.fields, "name", "needs_credit"]


class ChangeSerializer(serializers.Serializer):
    cursor = serializers.CharField(help_text="the feed goes on after it")
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    id = serializers.IntegerField(help_text="of the landmark")
    merged_into = serializers.IntegerField(allow_null=True, help_text="with `merged`: id")


class ChangePageSerializer(serializers.Serializer):
    next = serializers.URLField(allow_null=True, help_text="null: this is all at present")
    previous = serializers.URLField(allow_null=True, help_text="always null")
    cursor = serializers.CharField(help_text="where to go on, also after the last change")
    results = ChangeSerializer(many=True)


class ExportSerializer(serializers.Serializer):
    """A file with the whole public catalogue."""

    id = serializers.IntegerField()
    format = serializers.ChoiceField(choices=FullFile.Format.choices)
    media_type = serializers.CharField()
    url = serializers.URLField()
    size = serializers.IntegerField(help_text="bytes")
    sha256 = serializers.CharField(help_text="of the file, in hexadecimal digits")
    landmarks = serializers.IntegerField()
    cursor = serializers.CharField(help_text="`changes/` goes on after it")
    made_at = serializers.DateTimeField()


class RouteStopSerializer(serializers.Serializer):
    landmark = serializers.IntegerField(help_text="id")
    slug = serializers.CharField()
    name = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    minutes = serializers.IntegerField(help_text="to stay")
    note = serializers.CharField(help_text="may be empty")


class RouteSerializer(serializers.Serializer):
    """A curated itinerary: landmarks in the order of a walk or a drive."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    language = serializers.CharField(help_text="of title, summary and body")
    title = serializers.CharField()
    summary = serializers.CharField()
    body = serializers.CharField(help_text="may be empty")
    travel = serializers.ChoiceField(choices=["walk", "drive"])
    stops = RouteStopSerializer(many=True)
    source = serializers.CharField()
    updated_at = serializers.DateTimeField()
    url = serializers.URLField()


def whole(name: str, child: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the shape of a list that always comes whole."""
    members = {
        "next": serializers.URLField(allow_null=True, help_text="always null: this is all"),
        "previous": serializers.URLField(allow_null=True),
        "results": child(many=True),
    }
    return type(f"{name}Serializer", (serializers.Serializer,), members)


CategoryListSerializer = whole("CategoryList", CategorySerializer)
RegionListSerializer = whole("RegionList", RegionSerializer)
LicenseListSerializer = whole("LicenseList", LicenseSerializer)
ExportListSerializer = whole("ExportList", ExportSerializer)
RouteListSerializer = whole("RouteList", RouteSerializer)

LANGUAGE = OpenApiParameter(
    "lang",
    OpenApiTypes.STR,
    description="Language of names and texts; without it, what `Accept-Language` prefers. What"
    " does not exist in it comes in Korean, else in any language; `article.language` says which.",
    examples=[OpenApiExample("English", "en")],
)
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


def whole_list(operation: str, shape: type[serializers.Serializer]) -> dict:
    return {
        "operation_id": operation,
        "parameters": [LANGUAGE],
        "responses": {200: shape, **NOT_MODIFIED, **problems(400)},
    }


CATEGORY_LIST = whole_list("categories_list", CategoryListSerializer)
REGION_LIST = whole_list("regions_list", RegionListSerializer)
LICENSE_LIST = whole_list("licenses_list", LicenseListSerializer)
ROUTE_LIST = whole_list("routes_list", RouteListSerializer)
CHANGE_LIST = {
    "operation_id": "changes_list",
    "parameters": [
        OpenApiParameter(
            "cursor", OpenApiTypes.STR, description="The last one that you hold; none: all."
        ),
        OpenApiParameter(
            "page_size",
            {"type": "integer", "minimum": 1, "maximum": MOST_CHANGES, "default": CHANGES},
            description=f"At most {MOST_CHANGES}.",
        ),
    ],
    "responses": {200: ChangePageSerializer, **problems(400, 410)},
    "examples": [
        OpenApiExample(
            "A merge",
            {
                "next": None,
                "previous": None,
                "cursor": "YzM1ZWZhOTgyYjEwOjE3",
                "results": [
                    {
                        "cursor": "YzM1ZWZhOTgyYjEwOjE3",
                        "at": "2026-11-02T09:30:00.123456+00:00",
                        "kind": "merged",
                        "id": 31,
                        "merged_into": 27,
                    }
                ],
            },
            response_only=True,
            status_codes=["200"],
        )
    ],
}
EXPORT_LIST = {
    "operation_id": "exports_list",
    "responses": {200: ExportListSerializer, **problems()},
}
EXPORT_FILE = {
    "operation_id": "exports_retrieve",
    "parameters": [
        OpenApiParameter("export", OpenApiTypes.INT, OpenApiParameter.PATH, description="id")
    ],
    "responses": {
        **{(200, kind): OpenApiTypes.BINARY for kind in MEDIA_TYPES.values()},
        **NOT_MODIFIED,
        **problems(404),
    },
}
