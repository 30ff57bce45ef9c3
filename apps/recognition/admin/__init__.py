from apps.recognition.admin import choices, serving, training

__all__ = ["choices", "serving", "training"]
