from django.urls import path

from apps.api.vision import views

app_name = "vision"
urlpatterns = [path("images:annotate", views.annotate, name="annotate")]
