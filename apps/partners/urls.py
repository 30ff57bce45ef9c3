from django.urls import path

from apps.partners.views import keys, webhooks

app_name = "partners"
urlpatterns = [
    path("", keys.keys, name="keys"),
    path("keys/<slug:prefix>/", keys.key, name="key"),
    path("keys/<slug:prefix>/usage.csv", keys.usage_csv, name="usage_csv"),
    path("keys/<slug:prefix>/revoke/", keys.revoke, name="revoke"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<int:number>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:number>/turn/", webhooks.turn, name="turn_webhook"),
    path("webhooks/<int:number>/remove/", webhooks.remove, name="remove_webhook"),
    path(
        "webhooks/<int:number>/deliveries/<uuid:delivery>/resend/",
        webhooks.resend,
        name="resend",
    ),
]
