import re

import pytest

from apps.catalogue.models import Photo
from apps.recognition.models import Feedback
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)
from tests.recognition.test_feedback import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def question():
    question = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=question, file=jpeg())
    for rank, (slug, name) in enumerate((("gate", "문"), ("bridge", "다리")), start=1):
        landmark = LandmarkFactory(slug=slug, names={"ko": name, "en": slug})
        CandidateFactory(request=question, landmark=landmark, rank=rank, probability=0.5 / rank)
    return question


def say(client, question, **fields):
    return client.post(f"/recognize/{question.receipt}/feedback/", fields)


def test_the_answer_asks_whether_it_is_right(client, question):
    page = client.get(f"/recognize/{question.receipt}/").text

    assert re.search(r'name="answer" value="yes">그렇습니다', page)
    assert re.search(r'name="answer" value="bridge">다리', page)
    assert 'name="answer" value="gate"' not in page
    assert 'name="consent" value="1">' in page


def test_yes_with_consent_keeps_the_photo_and_says_so(client, question):
    response = say(client, question, answer="yes", consent="1")
    page = client.get(response["Location"]).text

    assert response.status_code == 303
    assert response["Location"] == f"/recognize/{question.receipt}/#feedback"
    assert Photo.objects.get().landmark.slug == "gate"
    assert "정답이라고 알려 주셨습니다." in page
    assert "사진은 학습용으로 보관합니다." in page


def test_another_guess_is_one_click_and_keeps_nothing_without_consent(client, question):
    say(client, question, answer="bridge")

    assert Feedback.objects.get().landmark.slug == "bridge"
    assert not Photo.objects.exists()


def test_a_place_is_found_by_its_name_without_a_script(client, question):
    LandmarkFactory(slug="tower", names={"ko": "첨성대"})

    page = say(client, question, answer="search", place="첨성", consent="1")
    say(client, question, answer="tower", consent="1")

    assert page.status_code == 200
    assert 'value="tower"' in page.text
    assert 'name="consent" value="1" checked' in page.text
    assert Photo.objects.get().landmark.slug == "tower"


def test_what_cannot_be_used_is_explained(client, question):
    empty = say(client, question, answer="search")
    unknown = say(client, question, answer="nowhere")
    nothing = say(client, question)
    LandmarkFactory(slug="secret", state="draft")
    draft = say(client, question, answer="secret")

    assert "장소 이름을 써 주세요." in empty.text
    assert [page.status_code for page in (empty, unknown, nothing, draft)] == [400] * 4
    assert not Feedback.objects.exists()
    missing = say(client, question, answer="search", place="없는 장소")
    assert "“없는 장소”" in missing.text


def test_a_name_cannot_smuggle_markup(client, question):
    page = say(client, question, answer="search", place="<script>x</script>\0").text

    assert "<script>x" not in page


def test_a_pending_answer_cannot_be_confirmed(client):
    question = RecognitionRequestFactory(pending=True)

    response = say(client, question, answer="yes")

    assert response.status_code == 400
    assert "아직 확인할 답이 없습니다." in response.text


def test_feedback_is_for_whoever_has_the_receipt(client, question):
    assert client.get(f"/recognize/{question.receipt}/feedback/").status_code == 405
    partners = RecognitionRequestFactory(requester="abc")
    assert say(client, partners, answer="yes").status_code == 404
    client.post(f"/recognize/{question.receipt}/delete/")
    assert say(client, question, answer="yes").status_code == 410


def test_feedback_is_counted_by_address(client, question, settings):
    settings.UPLOADS_PER_HOUR = 2

    codes = [say(client, question, answer="yes").status_code for _ in range(3)]

    assert codes == [303, 303, 429]


def test_it_speaks_english(client, question):
    page = client.get(f"/en/recognize/{question.receipt}/").text

    assert "Yes, this is it" in page
