import io
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.guide.views import recognition as views
from apps.operations.models import Limit
from apps.recognition.models import RecognitionRequest
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def jpeg(size=(96, 64)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, "JPEG")
    return content.getvalue()


def upload(content: bytes | None = None, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if content is None else content)


@pytest.fixture
def answered(monkeypatch) -> list:
    """Stand in for recognition: every photo gets the same answer; yields what was asked."""
    asked = []

    def answer_photos(photos, **options):
        asked.append(photos)
        return RecognitionRequestFactory()

    monkeypatch.setattr(views.services, "answer_photos", answer_photos)
    return asked


def test_a_photo_leads_to_the_page_of_its_answer(client, answered):
    response = client.post("/recognize/", {"photo": upload()})

    receipt = RecognitionRequest.objects.get().receipt
    assert response.status_code == 303
    assert response["Location"] == f"/recognize/{receipt}/"
    assert response["Server-Timing"] == "decode;dur=8.0, model;dur=40.5"
    assert [photo.image.size for photo in answered[0]] == [(96, 64)]


def test_the_answer_stays_in_the_visitors_language(client, answered):
    response = client.post("/en/recognize/", {"photo": upload()})

    assert response["Location"].startswith("/en/recognize/")


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 400, "empty_file"),
        ([(b"", "photo.jpg")], 400, "empty_file"),
        ([(b"only text", "photo.jpg")], 415, "unsupported_type"),
        ([(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.svg")], 415, "unsupported_type"),
        ([(jpeg()[:-300], "photo.jpg")], 400, "corrupt_image"),
        ([(jpeg((32, 32)), "photo.jpg")], 400, "too_small"),
        ([(jpeg(), "a.jpg"), (jpeg(), "b.jpg")], 400, "too_many_files"),
    ],
)
@pytest.mark.parametrize("language", ["", "/en"])
def test_a_bad_upload_is_explained_and_leaves_nothing(
    client, answered, files, status, code, language
):
    uploads = [upload(content, name) for content, name in files]

    page = client.post(f"{language}/recognize/", {"photo": uploads} if uploads else {})
    for file in uploads:
        file.seek(0)
    problem = client.post(
        f"{language}/recognize/", {"photo": uploads} if uploads else {}, headers=JSON
    )

    assert (page.status_code, problem.status_code) == (status, status)
    assert problem["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == code
    assert problem.json()["detail"] in page.content.decode()
    assert bool(re.search("[가-힣]", problem.json()["detail"])) == (not language)
    assert not answered


@pytest.mark.S17
def test_uploads_are_counted_by_address(client, answered, settings):
    settings.UPLOADS_PER_HOUR = 2
    codes = [client.post("/recognize/", {"photo": upload()}).status_code for _ in range(3)]

    refused = client.post("/recognize/", {"photo": upload()}, headers=JSON)

    assert codes == [303, 303, 429]
    assert refused.json()["code"] == "rate_limited"
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Limit.objects.get(name="uploads").used == 2
    other = client.post("/recognize/", {"photo": upload()}, REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 303


@pytest.mark.S17
def test_while_many_photos_wait_others_are_asked_to_come_back(client, settings):
    settings.PENDING_UPLOADS = 0

    page = client.post("/en/recognize/", {"photo": upload()})
    program = client.post("/recognize/", {"photo": upload()}, headers=JSON)

    assert (page.status_code, program.status_code) == (429, 429)
    assert "Many photos wait" in page.content.decode()
    assert int(page["Retry-After"]) == int(program["Retry-After"]) == 30
    assert program.json()["code"] == "busy"


@pytest.mark.S6
def test_a_sender_cannot_choose_the_address_it_is_counted_by(client, answered, settings):
    settings.UPLOADS_PER_HOUR = 1
    for number in range(2):
        response = client.post(
            "/recognize/", {"photo": upload()}, headers={"X-Forwarded-For": f"192.0.2.{number}"}
        )

    assert response.status_code == 429


@pytest.mark.S6
def test_behind_a_trusted_proxy_its_word_counts(client, answered, settings):
    settings.UPLOADS_PER_HOUR = 1
    settings.TRUSTED_PROXIES = 1
    for number in range(2):
        # What stands before the proxy's own entry is the sender's invention.
        headers = {"X-Forwarded-For": f"10.0.0.{number}, 192.0.2.1"}
        response = client.post("/recognize/", {"photo": upload()}, headers=headers)

    assert response.status_code == 429


@pytest.mark.S10
def test_another_site_cannot_send_a_visitors_photo(answered):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}

    refused = strict.post("/recognize/", {"photo": upload()}, headers=headers)
    own = strict.post("/recognize/", {"photo": upload()}, headers={"Sec-Fetch-Site": "same-origin"})
    program = strict.post("/recognize/", {"photo": upload()})

    assert (refused.status_code, own.status_code, program.status_code) == (403, 303, 303)


def test_an_old_browser_sends_the_token_of_the_form(answered):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    token = strict.get("/recognize/").cookies["csrftoken"].value
    headers = {"Origin": "http://testserver"}

    without = strict.post("/recognize/", {"photo": upload()}, headers=headers)
    fields = {"photo": upload(), "csrfmiddlewaretoken": token}

    assert without.status_code == 403
    assert strict.post("/recognize/", fields, headers=headers).status_code == 303


@pytest.fixture
def guesses():
    """A sure answer of two places, with text and photo."""
    question = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=question)
    for rank, (slug, probability) in enumerate([("tower", 0.91234), ("gate", 0.02)], start=1):
        landmark = LandmarkFactory(slug=slug, names={"ko": f"이름 {slug}", "en": f"The {slug}"})
        CandidateFactory(request=question, landmark=landmark, rank=rank, probability=probability)
    ArticleFactory(landmark=question.candidates.first().landmark)
    return question


def test_a_sure_answer_names_the_place_and_ranks_the_others(client, guesses):
    page = client.get(f"/recognize/{guesses.receipt}/").content.decode()

    assert "<h1>이곳은 이름 tower입니다</h1>" in page
    assert 'data-certainty="sure"' in page
    entries = re.findall(r'data-landmark="(\w+)" data-probability="([\d.]+)"', page)
    assert entries == [("tower", "0.9123"), ("gate", "0.0200")]
    assert '<a href="/landmarks/tower/">이름 tower</a>' in page
    assert '<span lang="en">The tower</span>' in page
    assert "첫 문장입니다." in page
    assert "둘째 문장입니다." not in page
    assert "91%" in page
    assert "data-reset" in page


def test_an_unsure_answer_says_so(client, guesses):
    RecognitionRequest.objects.update(certainty="unsure")

    page = client.get(f"/en/recognize/{guesses.receipt}/").content.decode()

    assert 'data-certainty="unsure"' in page
    assert "It may be one of these." in page


def test_an_unknown_answer_is_honest_and_folds_its_guesses(client, guesses):
    RecognitionRequest.objects.update(certainty="unknown", unknown_probability=0.9)

    page = client.get(f"/en/recognize/{guesses.receipt}/").content.decode()

    assert 'data-certainty="unknown"' in page
    assert "This is not a landmark I know." in page
    assert page.index("<details") < page.index('data-landmark="tower"') < page.index("</details>")


def test_a_place_withdrawn_since_is_named_without_a_link(client, guesses):
    landmark = guesses.candidates.first().landmark
    landmark.state = "withdrawn"
    landmark.save()

    page = client.get(f"/recognize/{guesses.receipt}/").content.decode()

    assert "</span> 이름 tower</h2>" in page


def test_only_the_holder_of_the_receipt_learns_of_an_answer(client, guesses):
    for address in (f"/recognize/{guesses.receipt}/", f"/recognize/{guesses.receipt}/photo.jpg"):
        response = client.get(address)
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        if response.streaming:
            list(response.streaming_content)
    assert client.get(f"/recognize/{uuid.uuid4()}/").status_code == 404


def test_a_partners_request_has_no_public_page(client):
    of_partner = RecognitionRequestFactory(requester="key")
    RecognitionPhotoFactory(request=of_partner)

    assert client.get(f"/recognize/{of_partner.receipt}/").status_code == 404
    assert client.get(f"/recognize/{of_partner.receipt}/photo.jpg").status_code == 404
    assert client.post(f"/recognize/{of_partner.receipt}/delete/").status_code == 404


def test_the_photo_of_an_answer_is_a_jpeg(client, guesses):
    response = client.get(f"/recognize/{guesses.receipt}/photo.jpg")

    assert b"".join(response.streaming_content) == b"the photo"
    assert response["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", "Looking at your photo"), ("model_server_down", "Recognition is resting")],
)
def test_a_waiting_photo_says_why_and_asks_again_by_itself(client, reason, words):
    question = RecognitionRequestFactory(pending=True, waiting_reason=reason)

    page = client.get(f"/en/recognize/{question.receipt}/").content.decode()

    assert words in page
    assert 'data-state="pending"' in page
    assert "data-certainty" not in page
    assert "<recognition-wait>" in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_programs_ask_for_the_state_alone(client, guesses):
    response = client.get(f"/recognize/{guesses.receipt}/", headers=JSON)

    assert response.json() == {"status": "done"}


def test_a_failed_photo_says_so(client):
    question = RecognitionRequestFactory(failed=True)

    page = client.get(f"/en/recognize/{question.receipt}/").content.decode()

    assert "This photo could not be answered." in page
    assert "data-reset" in page


@pytest.mark.S16
def test_a_deleted_photo_is_gone(client, guesses, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(f"/recognize/{guesses.receipt}/delete/")

    assert (response.status_code, response["Location"]) == (303, f"/recognize/{guesses.receipt}/")
    gone = client.get(response["Location"])
    assert gone.status_code == 410
    assert "사진을 지웠습니다." in gone.content.decode()
    assert client.get(response["Location"], headers=JSON).json()["code"] == "deleted"
    assert client.get(f"/recognize/{guesses.receipt}/photo.jpg").status_code == 410
    assert client.post(f"/recognize/{guesses.receipt}/delete/").status_code == 303


def test_reading_never_deletes(client, guesses):
    assert client.get(f"/recognize/{guesses.receipt}/delete/").status_code == 405


def test_the_queries_of_an_answer_do_not_grow_with_its_guesses(client, django_assert_num_queries):
    question = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=question)
    CandidateFactory(request=question)
    client.get(f"/recognize/{question.receipt}/")
    with django_assert_num_queries(12):
        client.get(f"/recognize/{question.receipt}/")
    for rank in range(2, 6):
        CandidateFactory(request=question, rank=rank, probability=0.01)
    with django_assert_num_queries(12):
        client.get(f"/recognize/{question.receipt}/")


def test_an_answer_draws_where_its_candidates_lie_under_their_ranks(client):
    question = RecognitionRequestFactory(certainty="sure")
    for rank, place in enumerate(({"latitude": None, "longitude": None}, {}), 1):
        CandidateFactory(request=question, rank=rank, landmark=LandmarkFactory(**place))

    page = client.get(f"/en/recognize/{question.receipt}/").content.decode()

    assert page.count('class="sketch-pin"') == 1
    assert re.search(r'class="sketch-pin">.*?<text[^>]*>2</text>', page)


def test_an_answer_tells_of_points_that_match_only_where_they_were_compared(client):
    question = RecognitionRequestFactory(certainty="sure")
    CandidateFactory(request=question, rank=1, inliers=41)
    CandidateFactory(request=question, rank=2, inliers=None)

    page = client.get(f"/en/recognize/{question.receipt}/").content.decode()

    assert page.count("of your photo match") == 1
    assert "41 points of your photo match one of its pictures" in page
