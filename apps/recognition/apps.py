from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecognitionConfig(AppConfig):
    name = "apps.recognition"
    verbose_name = _("Recognition")

    def ready(self) -> None:
        from apps.catalogue.visitor_photos import judge_visitor_photos
        from apps.recognition.hard_cases import ease_of

        judge_visitor_photos(ease_of)
