import re

import pytest
from django.conf import settings

from apps.annotation.examples import examples, examples_of
from apps.annotation.shapes import TAGS
from tests.factories.annotation import DatasetFactory

pytestmark = pytest.mark.django_db


def test_each_tag_is_shown_with_pictures_that_have_just_this_tag():
    shown = examples_of(settings.DEMO_PICTURES_DIR)

    for tag in TAGS:
        assert len(shown[tag]) == 3
        assert all(example.tags == {tag} for example in shown[tag])
        assert len({example.slug for example in shown[tag]}) == 3
    assert all(len(example.tags) > 1 for example in shown["several"])


def test_the_guide_gives_no_answer_of_the_practice_away():
    assert all(one.file.startswith("references/") for one in examples(settings.DEMO_PICTURES_DIR))


@pytest.mark.parametrize(("language", "text"), [("ko", "대상체가 잘린 경우"), ("en", "cut off")])
def test_the_guide_speaks_both_languages(person, signed_in, language, text):
    page = signed_in(person("annotator")).get(f"/annotate/guide/?lang={language}")

    assert page.status_code == 200
    assert text in page.text


def test_its_pictures_are_served_and_nothing_else(person, signed_in):
    client = signed_in(person("annotator"))
    page = client.get("/annotate/guide/").text

    pictures = set(re.findall(r'href="(/annotate/guide/[^"]+\.jpg)"', page))
    assert len(pictures) >= 15
    for address in pictures:
        response = client.get(address)
        assert response["Content-Type"] == "image/jpeg"
        assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    for name in ("manifest.csv", "../../settings.py", "samples/x.jpg", "LICENSE"):
        assert client.get(f"/annotate/guide/{name}").status_code == 404


def test_the_guide_leads_to_the_practice(person, signed_in):
    practice = DatasetFactory(practice=True, open_to_all=True)

    page = signed_in(person("annotator")).get("/annotate/guide/").text

    assert f'href="/annotate/?dataset={practice.pk}"' in page


def test_reviewers_read_it_and_strangers_do_not(person, signed_in, client):
    assert signed_in(person("annotation_reviewer")).get("/annotate/guide/").status_code == 200
    assert signed_in(person("publisher")).get("/annotate/guide/").status_code == 403
    assert client.get("/annotate/guide/").status_code == 302
