"""Mounts each app under its prefix."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from apps.accounts.views import ChangePassword, SignIn
from portal.health import healthz, readyz
from portal.metrics import metrics

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    # The admin's own pages for these would pass by the second factor, the limits and the log.
    path("admin/login/", SignIn.as_view()),
    path("admin/password_change/", login_required(ChangePassword.as_view())),
    path("admin/", admin.site.urls),
    path("accounts/login/", SignIn.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path("accounts/", include("apps.accounts.urls")),
    path("accounts/partner/", include("apps.partners.urls")),
    path("annotate/", include("apps.annotation.urls")),
    path("api/v1/", include("apps.api.v1.urls")),
    path("api/tourapi/B551011/KorService2/", include("apps.api.tourapi.urls")),
    path("v1/", include("apps.api.vision.urls")),
    *i18n_patterns(path("", include("apps.guide.urls")), prefix_default_language=False),
]
handler400 = "apps.guide.views.bad_request"
handler403 = "apps.guide.views.forbidden"
handler404 = "apps.guide.views.not_found"
handler500 = "apps.guide.views.server_error"
