from django.urls import path

from apps.partners.views import keys

app_name = "partners"
urlpatterns = [
    path("", keys.keys, name="keys"),
    path("keys/<slug:prefix>/", keys.key, name="key"),
    path("keys/<slug:prefix>/usage.csv", keys.usage_csv, name="usage_csv"),
    path("keys/<slug:prefix>/revoke/", keys.revoke, name="revoke"),
]
