from django.urls import path

from apps.accounts import views

app_name = "accounts"

urlpatterns = [
    path("code/", views.second_step, name="second_step"),
    path("second-factor/", views.set_up_second_factor, name="second_factor"),
]
