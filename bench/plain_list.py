"""A list of landmarks as the REST framework's own tutorial would make it, done well: a serializer,
cursor paging, every name from one statement. The peer of `/api/v1/landmarks/`.

Settings and addresses of a process of its own, over the portal's database.
"""

from django.urls import path
from rest_framework import generics, serializers
from rest_framework.pagination import CursorPagination

from apps.catalogue.models import Landmark

SETTINGS = "bench.plain_list_settings"


class ByNumber(CursorPagination):
    page_size = 50
    page_size_query_param = "page_size"
    ordering = "pk"


class PlainSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="shown_name")
    category = serializers.CharField(source="shown_category")
    region = serializers.CharField(source="shown_region")

    class Meta:
        model = Landmark
        fields = ["slug", "name", "category", "region"]


class PlainList(generics.ListAPIView):
    authentication_classes: list = []
    serializer_class = PlainSerializer
    pagination_class = ByNumber

    def get_queryset(self):
        rows = Landmark.objects.published().with_shown_names("ko")
        return rows.only("pk", "slug")


urlpatterns = [path("plain/", PlainList.as_view()), path("healthz", lambda request: None)]
