"""Whatever senders write in names, texts, queries and headers: no fault, no echo, no gain."""

from __future__ import annotations

import json
import re
import unicodedata
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.catalogue.models import Landmark
from apps.operations.models import Job
from apps.recognition.models import RecognitionPhoto
from tests.accounts.test_addresses import addresses
from tests.conftest import shared_folder
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory
from tests.pictures import encoded, picture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAUGHTY = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "'; DROP TABLE catalogue_landmark; --",
    "{{7*7}}{% load static %}",
    "%s%s%n %(x)s {0} {x}",
    "../../etc/passwd",
    "a\u202egpj.exe",
    "e\u0301" * 50,
    "\u1100\u1161\u11a8" * 30,
    "\ufeff\u200b\u2028",
    "\x1b[31m\x07",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    "NaN",
    "1e309",
    "-0",
    "٣٤٥",
    "a" * 5000,
    "%00",
    "%ff%fe",
    "\\",
]
# Places where what a visitor wrote comes back.
QUERIES = [
    "/landmarks/?q={}",
    "/landmarks/?category={}",
    "/landmarks/?region={}",
    "/landmarks/?page={}",
    "/landmarks/?near={}",
    "/map/?q={}",
    "/routes/plan/?places={}",
    "/landmarks/{}/",
    "/routes/{}/",
    "/recognize/{}/",
    "/api/v1/landmarks/?search={}",
    "/api/v1/landmarks/?cursor={}",
    "/api/v1/landmarks/?bbox={}",
    "/api/v1/landmarks/?fields={}",
    "/api/v1/landmarks/{}/",
    "/api/v1/changes/?cursor={}",
]


def stranger(**options) -> Client:
    return Client(raise_request_exception=False, **options)


@pytest.mark.S2
@pytest.mark.parametrize("address", QUERIES)
def test_what_is_written_into_an_address_is_no_fault_and_comes_back_as_text(
    address, settings, seen
):
    settings.ANONYMOUS_PER_MINUTE = 10_000
    LandmarkFactory()
    for text in NAUGHTY:
        answer = stranger().get(address.format(quote(text, safe="")))
        body = answer.getvalue() if answer.streaming else answer.content
        assert answer.status_code < 500, (text[:40], answer.status_code)
        if "html" in answer.headers.get("Content-Type", ""):
            assert b"<script>alert" not in body and b"<svg onload" not in body
            assert b">49<" not in body
    seen("S2", addresses=len(QUERIES), texts=len(NAUGHTY), faults=0)


@pytest.mark.S2
def test_names_of_files_are_refused_or_forgotten(settings):
    settings.UPLOADS_PER_HOUR = 1000
    settings.TF_SERVING_ADDRESS = "127.0.0.1:9"
    names = [*NAUGHTY, "photo.php", "a.svg", ".htaccess", "con.jpg", "a.jpg;.html", "새 사진.jpg"]
    try:
        listed = json.loads(
            (shared_folder() / "data" / "hostile_images" / "filenames.json").read_text()
        )
        names += [each if isinstance(each, str) else str(each) for each in listed]
    except pytest.skip.Exception:
        pass
    content = encoded(picture())
    for name in names:
        upload = SimpleUploadedFile("x", content, "image/jpeg")
        upload._name = name
        answer = stranger().post(
            "/recognize/", {"photo": upload}, headers={"Accept": "application/json"}
        )
        assert answer.status_code in (303, 400), (name, answer.status_code)
    stored = list(RecognitionPhoto.objects.values_list("file", flat=True))
    assert stored
    assert all(re.fullmatch(r"[\w/-]+\.jpg", name, re.ASCII) for name in stored)


@pytest.mark.S2
def test_a_text_comes_back_as_it_was_written():
    User.objects.create_superuser("root", password="a long enough password")
    for number, text in enumerate(NAUGHTY[:9]):
        article = ArticleFactory(title=text[:100], landmark=LandmarkFactory(slug=f"a-{number}"))
        article.refresh_from_db()
        assert unicodedata.normalize("NFC", article.title) == unicodedata.normalize(
            "NFC", text[:100]
        )
        page = stranger().get(f"/landmarks/a-{number}/").content.decode()
        assert "<script>alert" not in page and "<svg onload" not in page


@pytest.mark.S5
@pytest.mark.parametrize(
    "query",
    [
        "search__icontains=a",
        "category__parent__id=1",
        "names__text__startswith=a",
        "ordering=-password",
        "order_by=created_by__password",
        "fields=password",
        "photos__uploaded_by__password__startswith=a",
        "state=draft",
        "id__gt=0",
    ],
)
def test_look_ups_of_senders_are_ignored_or_refused(query, settings):
    settings.ANONYMOUS_PER_MINUTE = 10_000
    LandmarkFactory()
    LandmarkFactory(state="draft")
    with CaptureQueriesContext(connection) as plain:
        expected = stranger().get("/api/v1/landmarks/")
    with CaptureQueriesContext(connection) as asked:
        answer = stranger().get(f"/api/v1/landmarks/?{query}")

    assert answer.status_code == 400 or answer.json()["results"] == expected.json()["results"]
    assert len(asked) <= len(plain)
    assert "password" not in " ".join(each["sql"] for each in asked.captured_queries)


@pytest.mark.S5
def test_the_admin_follows_no_look_up_to_passwords(client):
    client.force_login(User.objects.create_superuser("root", password="a long enough password"))
    for address in (
        "/admin/accounts/user/?password__startswith=a",
        "/admin/catalogue/landmark/?changed_by__password__startswith=a",
        "/admin/operations/comment/?asked__password__startswith=a",
        "/admin/accounts/user/?o=1.2.3&password=1",
    ):
        answer = client.get(address)
        assert answer.status_code in (302, 400), address
        assert answer.status_code == 400 or "e=1" in answer["Location"]


SAME_ON_EVERY_ADDRESS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": None,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": None,
}


@pytest.mark.S9
def test_every_address_has_the_headers_that_protect_its_visitors(client, is_long, seen):
    client.force_login(User.objects.create_superuser("root", password="a long enough password"))
    looked = 0
    # In the short form every third, so of each app some.
    for address in list(addresses())[:: 1 if is_long else 3]:
        path = "/" + re.sub(r"<[^>]+>|\(\?P.*?\)", "1", address.pattern).replace("^", "")
        path = path.replace("$", "").replace("\\Z", "").replace("\\", "")
        answer = client.get(path)
        looked += 1
        for name, value in SAME_ON_EVERY_ADDRESS.items():
            assert answer.headers.get(name), (path, answer.status_code, name)
            assert value in (None, answer.headers[name]), (path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
    assert looked > (150 if is_long else 50)
    seen("S9", addresses=looked)


@pytest.mark.S10
def test_no_unsafe_verb_of_staff_works_from_another_site(is_long, seen):
    user = User.objects.create_superuser("root", password="a long enough password")
    other_site = Client(enforce_csrf_checks=True, raise_request_exception=False)
    other_site.force_login(user)
    before = (Landmark.objects.count(), User.objects.count(), Job.objects.count())
    asked, open_to = 0, []
    for address in addresses():
        path = "/" + re.sub(r"<[^>]+>", "1", address.pattern)
        if not path.startswith(("/admin/", "/annotate/", "/accounts/", "/partners/")):
            continue
        for verb in ("post", "put", "patch", "delete") if is_long else ("post",):
            answer = getattr(other_site, verb)(
                path, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
            )
            asked += 1
            if answer.status_code not in (403, 404, 405):
                open_to.append((verb, path, answer.status_code))

    assert open_to == []
    assert asked > (400 if is_long else 100)
    assert (Landmark.objects.count(), User.objects.count(), Job.objects.count()) == before
    seen("S10", verbs_tried=asked, let_in=0)
