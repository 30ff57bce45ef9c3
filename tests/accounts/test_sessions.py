from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.factories.annotation import UserFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/annotate/"


@pytest.fixture
def annotator():
    user = UserFactory()
    user.groups.add(Group.objects.get_or_create(name="annotator")[0])
    return user


@pytest.fixture
def browser(annotator):
    client = Client()
    client.force_login(annotator)
    return client


def test_a_session_and_its_person_are_two_statements(browser, django_assert_num_queries):
    browser.get(ADDRESS)

    with django_assert_num_queries(2):
        assert browser.get(ADDRESS).status_code == 200


def test_an_ended_session_is_over(browser):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert browser.get(ADDRESS).status_code == 302


def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(browser):
    copy = Client()
    copy.cookies["sessionid"] = browser.cookies["sessionid"].value

    browser.post("/accounts/logout/")

    assert copy.get(ADDRESS).status_code == 302


def test_who_is_blocked_is_out_at_once(browser, annotator):
    annotator.is_active = False
    annotator.save()

    assert browser.get(ADDRESS).status_code == 302


def test_a_lost_role_is_lost_at_once(browser, annotator):
    annotator.groups.clear()

    assert browser.get(ADDRESS).status_code == 403


def test_a_deleted_person_is_a_stranger(browser, annotator):
    annotator.delete()

    assert browser.get(ADDRESS).status_code == 302


def test_nobody_chooses_the_key_of_their_session(browser):
    stranger = Client()
    stranger.cookies["sessionid"] = "chosenbysomebodyelse0000"
    stranger.force_login(UserFactory())

    assert stranger.cookies["sessionid"].value != "chosenbysomebodyelse0000"
