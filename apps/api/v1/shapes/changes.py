"""The feed of changes, as the document shows it."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from apps.api.v1.shapes.problems import problems

CHANGES = 100
MOST_CHANGES = 1000
CHANGE_KINDS = [
    ("created", "public since the cursor"),
    ("updated", "something that it shows changed"),
    ("unpublished", "not public any more"),
    ("deleted", "removed for good"),
    ("merged", "one with another landmark now"),
]


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
