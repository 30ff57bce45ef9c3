from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from apps.api.v1 import recognitions
from apps.api.v1.unknown import unknown_address

app_name = "api"
urlpatterns = [
    path("recognitions/", recognitions.RecognitionList.as_view(), name="recognitions"),
    path(
        "recognitions/<uuid:receipt>/",
        recognitions.RecognitionDetail.as_view(),
        name="recognition",
    ),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    re_path(r"^.*$", unknown_address),
]
