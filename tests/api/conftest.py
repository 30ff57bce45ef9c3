from tests.recognition.conftest import known_places, photo_of  # noqa: F401
