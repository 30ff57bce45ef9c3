"""What landmarks refer to, and the routes along them, as the document shows it.

The answers themselves are written by the database (lookups); tests hold both together.
"""

from __future__ import annotations

from rest_framework import serializers

from apps.api.v1.shapes.languages import LANGUAGE
from apps.api.v1.shapes.photos import PhotoLicenseSerializer
from apps.api.v1.shapes.problems import NOT_MODIFIED, problems
from apps.api.v1.shapes.whole_lists import whole
from apps.catalogue.models import License


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


CategoryListSerializer = whole("CategoryList", CategorySerializer)
RegionListSerializer = whole("RegionList", RegionSerializer)
LicenseListSerializer = whole("LicenseList", LicenseSerializer)
RouteListSerializer = whole("RouteList", RouteSerializer)


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
