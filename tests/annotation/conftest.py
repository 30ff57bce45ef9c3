from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.models import User
from apps.annotation.models import Dataset
from tests.factories.annotation import (
    AnnotationFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.catalogue import LandmarkFactory, LicenseFactory

NOON = "2026-05-01T12:00:00Z"


@pytest.fixture
def person() -> Callable[..., User]:
    """Make a person with roles."""

    def make(*roles: str, **fields) -> User:
        user = UserFactory(**fields)
        user.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
        return user

    return make


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Return a client in which a person is signed in."""

    def client_of(user: User, **options) -> Client:
        client = Client(**options)
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def dataset() -> Dataset:
    """Two completed images, one submitted one, one open one, one that may not train."""
    dataset = DatasetFactory(name="first", description="a test", year=2020, version="1.0")
    gate = LandmarkFactory(slug="a-gate", names={"ko": "문", "en": "A Gate"})
    forbidden = LicenseFactory(code="KOGL-3")
    for number, (state, completed, landmark, license) in enumerate(
        [
            ("accepted", NOON, gate, None),
            ("submitted", NOON, None, None),
            ("submitted", None, gate, None),
            ("open", None, gate, None),
            ("accepted", NOON, gate, forbidden),
        ],
        start=1,
    ):
        image = ImageFactory(
            dataset=dataset,
            name=f"a-gate/{number}.jpg",
            landmark=landmark,
            width=1000,
            height=500,
            **({"license": license} if license else {}),
        )
        task = TaskFactory(
            dataset=dataset,
            image=image,
            state=state,
            submitted_at=None if state == "open" else NOON,
            completed_at=completed,
        )
        if state != "open":
            AnnotationFactory(
                task=task,
                x=100,
                y=50,
                width=300,
                height=200,
                landmark=landmark,
                other="" if landmark else "다른 곳",
                truncated=number == 1,
                occluded=number == 1,
                none_of_these=number != 1,
            )
    return dataset
