from django.urls import path

from apps.api.tourapi import views

app_name = "tourapi"
urlpatterns = [path("<slug:operation>", views.answer, name="operation")]
