from apps.recognition.admin import choices, serving

__all__ = ["choices", "serving"]
