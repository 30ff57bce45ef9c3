from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal import celery, checks  # noqa: F401  (registers tasks and checks)
        from portal.strict_theme import show_json_plainly

        show_json_plainly()
