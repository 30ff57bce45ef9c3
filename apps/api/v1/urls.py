from django.urls import path, re_path

from apps.api.v1 import changes, exports, landmarks, lookups, recognitions, webhooks
from apps.api.v1.document import documentation, openapi_document
from apps.api.v1.similar import Similar
from apps.api.v1.unknown import unknown_address
from apps.api.v1.usage import Usage

app_name = "api"
urlpatterns = [
    path("landmarks/", landmarks.LandmarkList.as_view(), name="landmarks"),
    path("landmarks/<int:landmark>/", landmarks.LandmarkDetail.as_view(), name="landmark"),
    path("categories/", lookups.CategoryList.as_view(), name="categories"),
    path("regions/", lookups.RegionList.as_view(), name="regions"),
    path("licenses/", lookups.LicenseList.as_view(), name="licenses"),
    path("routes/", lookups.RouteList.as_view(), name="routes"),
    path("changes/", changes.ChangeList.as_view(), name="changes"),
    path("exports/", exports.ExportList.as_view(), name="exports"),
    path("exports/<int:export>/", exports.ExportFile.as_view(), name="export"),
    path("recognitions/", recognitions.RecognitionList.as_view(), name="recognitions"),
    path(
        "recognitions/<uuid:receipt>/",
        recognitions.RecognitionDetail.as_view(),
        name="recognition",
    ),
    path(
        "recognitions/<uuid:receipt>/feedback/",
        recognitions.RecognitionFeedback.as_view(),
        name="recognition_feedback",
    ),
    path("similar/", Similar.as_view(), name="similar"),
    path("usage/", Usage.as_view(), name="usage"),
    path("webhooks/", webhooks.WebhookList.as_view(), name="webhooks"),
    path("webhooks/<int:webhook>/", webhooks.WebhookDetail.as_view(), name="webhook"),
    path(
        "webhooks/<int:webhook>/deliveries/",
        webhooks.DeliveryList.as_view(),
        name="webhook_deliveries",
    ),
    path(
        "webhooks/<int:webhook>/deliveries/<uuid:delivery>/resend/",
        webhooks.DeliveryResend.as_view(),
        name="webhook_resend",
    ),
    path("docs/", documentation, name="docs"),
    path("openapi.json", openapi_document, name="openapi"),
    re_path(r"^.*$", unknown_address),
]
