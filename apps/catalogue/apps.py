from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "apps.catalogue"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from apps.catalogue.photos import forget_files

        post_delete.connect(forget_files, sender="catalogue.Photo")
