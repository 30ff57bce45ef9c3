"""Photos of the catalogue, as the document shows them."""

from __future__ import annotations

from rest_framework import serializers

from apps.catalogue.models import License, Photo


class PhotoLicenseSerializer(serializers.ModelSerializer):
    """What one may do with a photo."""

    class Meta:
        model = License
        fields = ["code", "url", "may_show", "may_modify", "may_train"]


class CataloguePhotoSerializer(serializers.ModelSerializer):
    """A photo of the catalogue; the credit belongs beside it wherever it is shown."""

    url = serializers.SerializerMethodField()
    license = PhotoLicenseSerializer()

    class Meta:
        model = Photo
        fields = ["id", "url", "width", "height", "license", "credit", "source"]

    def get_url(self, photo: Photo) -> str:
        return self.context["request"].build_absolute_uri(photo.url)
