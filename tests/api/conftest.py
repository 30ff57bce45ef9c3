import pytest

from apps.catalogue.models import Region
from tests.recognition.conftest import known_places, photo_of  # noqa: F401


@pytest.fixture
def province(transactional_db) -> None:
    """The province of the factories, which tests that commit remove with everything else."""
    Region.objects.get_or_create(code="KR-11")
