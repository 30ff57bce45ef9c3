"""Lists that always come whole, as the document shows them."""

from __future__ import annotations

from rest_framework import serializers


def whole(name: str, child: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """Return the shape of a list that always comes whole."""
    members = {
        "next": serializers.URLField(allow_null=True, help_text="always null: this is all"),
        "previous": serializers.URLField(allow_null=True),
        "results": child(many=True),
    }
    return type(f"{name}Serializer", (serializers.Serializer,), members)
