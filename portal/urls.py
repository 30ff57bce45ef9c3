"""Mounts each app under its prefix."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from portal.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("accounts/login/", LoginView.as_view(template_name="accounts/login.html"), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path("annotate/", include("apps.annotation.urls")),
    path("api/v1/", include("apps.api.v1.urls")),
    *i18n_patterns(path("", include("apps.guide.urls")), prefix_default_language=False),
]
handler400 = "apps.guide.views.bad_request"
handler403 = "apps.guide.views.forbidden"
handler404 = "apps.guide.views.not_found"
handler500 = "apps.guide.views.server_error"
