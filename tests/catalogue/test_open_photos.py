"""Open photos, asked of a stand-in that answers in the shape of Wikimedia Commons."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from apps.accounts.models import EditorRegion
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue import open_photos
from apps.catalogue.admin.open_photos import THUMBNAIL
from apps.catalogue.models import Landmark, License, OpenPhotoImport, Photo, Region
from apps.catalogue.open_photo_imports import TASK, give_up_import
from apps.catalogue.open_photos import license_code, plain_text
from apps.operations.models import AuditEntry, Job
from tests.factories.catalogue import LandmarkFactory
from tests.pictures import encoded, scene

pytestmark = pytest.mark.django_db
AUTHOR = '<a href="//commons.wikimedia.org/wiki/User:Mina"><b>Mina</b> &amp; Juno</a>'


class Commons:
    """Pages and files of the stand-in, and what it was asked."""

    def __init__(self, address: str):
        self.address = address
        self.asked: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.near: list[dict] = []
        self.named: list[dict] = []

    def add(self, number: int, *, license="cc-by-sa-4.0", name="CC BY-SA 4.0", **changes) -> dict:
        content = changes.pop("content", None) or encoded(scene("gate", number), quality=90)
        path = f"/files/{number}.jpg"
        self.files[path] = self.files[f"/thumb/{number}.jpg"] = content
        said = {
            "LicenseShortName": {"value": name, "source": "commons-desc-page", "hidden": ""},
            "License": {"value": license, "source": "commons-templates", "hidden": ""},
            "Artist": {"value": changes.pop("author", AUTHOR), "source": "commons-desc-page"},
        }
        info = {
            "size": len(content),
            "width": 320,
            "height": 240,
            "thumburl": f"{self.address}/thumb/{number}.jpg",
            "thumbwidth": 330,
            "url": f"{self.address}{path}",
            "descriptionurl": f"{self.address}/wiki/File:Gate_{number}.jpg",
            "descriptionshorturl": f"{self.address}/w/index.php?curid={number}",
            "sha1": hashlib.sha1(content).hexdigest(),
            "mime": "image/jpeg",
            "extmetadata": said,
            **changes,
        }
        title = f"File:Gate {number}.jpg"
        return {"pageid": number, "ns": 6, "title": title, "index": number, "imageinfo": [info]}

    def answer(self, asked: dict[str, str]) -> dict:
        self.asked.append(asked)
        pages = {"geosearch": self.near, "search": self.named}.get(asked.get("generator"))
        if pages is None:
            held = {each["pageid"]: each for each in [*self.near, *self.named]}
            number = int(asked["pageids"])
            pages = [held.get(number, {"pageid": number, "missing": True})]
        return {"batchcomplete": True, "query": {"pages": pages}}


@pytest.fixture
def commons(settings) -> Iterator[Commons]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            held = self.server.commons
            if to := held.redirects.get(parts.path):
                self.send_response(302)
                self.send_header("Location", to)
                self.end_headers()
                return
            body = held.files.get(parts.path)
            if parts.path == "/w/api.php":
                asked = {name: each[0] for name, each in parse_qs(parts.query).items()}
                asked["agent"] = self.headers["User-Agent"]
                body = json.dumps(held.answer(asked)).encode()
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.commons = Commons(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.OPEN_PHOTO_API = f"{server.commons.address}/w/api.php"
    settings.OPEN_PHOTO_HOSTS = [f"127.0.0.1:{server.server_port}"]
    yield server.commons
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def landmark() -> Landmark:
    return LandmarkFactory(names={"ko": "광화문", "en": "Gwanghwamun"})


def finder(landmark: Landmark) -> str:
    return f"/admin/catalogue/landmark/{landmark.pk}/open-photos/"


def search(browser, landmark: Landmark) -> str:
    asked = {"korean": "광화문", "english": "Gwanghwamun", "radius": 500}
    return browser.get(finder(landmark), asked).content.decode()


def choices(page: str) -> list[str]:
    return re.findall(r'name="photo" value="([^"]+)"', page)


def choose_all(browser, landmark: Landmark) -> list[OpenPhotoImport]:
    """Choose all candidates and let the jobs run; return what became of each."""
    browser.post(finder(landmark), {"photo": choices(search(browser, landmark))})
    call_command("work_off_jobs")
    return list(OpenPhotoImport.objects.order_by("page_id"))


def test_photos_are_asked_for_by_place_and_by_name(staff, commons, landmark):
    commons.near, commons.named = [commons.add(1)], [commons.add(1), commons.add(2)]

    page = search(staff, landmark)

    near, named = commons.asked
    assert (near["ggscoord"], near["ggsradius"], near["ggsnamespace"]) == (
        *("37.5759|126.9768", "500", "6"),
    )
    assert named["gsrsearch"] == '"광화문" OR "Gwanghwamun" filetype:bitmap'
    assert named["gsrnamespace"] == "6" and "Gilnun" in named["agent"]
    assert "Gate 1.jpg" in page and "Gate 2.jpg" in page
    assert len(choices(page)) == 2
    assert "Mina &amp; Juno" in page and "CC BY-SA 4.0" in page


def test_nothing_is_asked_before_somebody_searches(staff, commons, landmark):
    page = staff.get(finder(landmark)).content.decode()

    assert not commons.asked
    assert "광화문" in page
    form = staff.get(f"/admin/catalogue/landmark/{landmark.pk}/change/").content.decode()
    assert finder(landmark) in form


@pytest.mark.parametrize(
    "said, code",
    [
        ({"License": "cc0"}, "CC0-1.0"),
        ({"License": "cc-by-4.0"}, "CC-BY-4.0"),
        ({"License": "cc-by-sa-3.0"}, "CC-BY-SA-3.0"),
        ({"License": "cc-by-sa-3.0-de"}, "CC-BY-SA-3.0-DE"),
        ({"License": "pd"}, "PD"),
        ({"LicenseShortName": "KOGL Type 1"}, "KOGL-1"),
        ({"License": "cc-by-nc-4.0"}, ""),
        ({"License": "cc-by-nd-4.0"}, ""),
        ({"License": "gfdl"}, ""),
        ({"License": "cc-by-4.0", "NonFree": "true"}, ""),
        ({}, ""),
    ],
)
def test_licenses_are_ours_or_none(said, code):
    assert license_code(said) == code


def test_the_usual_free_licenses_are_there():
    codes = ["PD", *(f"CC-BY{sa}-{v}" for sa in ("", "-SA") for v in ("2.0", "2.5", "3.0", "4.0"))]
    held = License.objects.filter(code__in=codes, may_show=True, may_modify=True, may_train=True)

    assert held.count() == len(codes)
    assert [each.code for each in held if not each.needs_credit] == ["PD"]


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"license": "cc-by-nc-4.0", "name": "CC BY-NC 4.0"}, "CC BY-NC 4.0"),
        ({"license": "cc-by-sa-3.0-de"}, "CC-BY-SA-3.0-DE"),
        ({"author": ""}, "names no author"),
        ({"mime": "image/svg+xml"}, "not a JPEG"),
        ({"size": 10**9}, "larger than 20 MB"),
    ],
)
def test_what_cannot_be_used_cannot_be_chosen(staff, commons, landmark, changes, said):
    commons.near = [commons.add(1, **changes)]

    page = search(staff, landmark)

    assert "Gate 1.jpg" in page and said in page
    assert not choices(page)


def test_html_of_authors_becomes_text():
    assert plain_text(AUTHOR) == "Mina & Juno"
    assert plain_text("<script>alert(1)</script>A<br>B <i>C") == "A B C"
    assert plain_text('Unknown<span style="display: none;">Unknown <b>x</b></span>') == "Unknown"


def test_chosen_photos_come_with_their_credit(staff, editor, commons, landmark):
    commons.near = [commons.add(1)]

    [row] = choose_all(staff, landmark)

    photo = Photo.objects.get()
    assert (row.state, row.photo) == ("imported", photo)
    assert (photo.landmark, photo.license.code) == (landmark, "CC-BY-SA-4.0")
    assert photo.author == "Mina & Juno"
    assert photo.credit == "Mina & Juno, CC BY-SA 4.0, via Wikimedia Commons"
    assert photo.source_url == f"{commons.address}/wiki/File:Gate_1.jpg"
    assert photo.sha256 == hashlib.sha256(commons.files["/files/1.jpg"]).hexdigest()
    assert AuditEntry.objects.about(photo).get().by_id == editor.pk
    page = search(staff, landmark)
    assert "imported" in page and not choices(page)


def test_the_same_photo_is_not_taken_twice(staff, commons, landmark):
    commons.near = [commons.add(1)]
    commons.near.append(commons.add(2, content=commons.files["/files/1.jpg"]))

    rows = choose_all(staff, landmark)

    assert [row.state for row in rows] == ["imported", "known"]
    assert Photo.objects.count() == 1


def test_a_license_that_changed_meanwhile_is_refused(staff, commons, landmark):
    commons.near = [commons.add(1)]
    chosen = choices(search(staff, landmark))
    commons.near = [commons.add(1, license="cc-by-nc-4.0")]

    staff.post(finder(landmark), {"photo": chosen})
    call_command("work_off_jobs")

    assert OpenPhotoImport.objects.get().reason == "license"
    assert not Photo.objects.exists()


def test_what_is_no_picture_or_too_large_is_refused_with_a_reason(
    staff, commons, landmark, settings
):
    settings.PHOTO_MAX_BYTES = 50_000
    commons.near = [commons.add(1, content=b"no picture"), commons.add(2, content=b"x" * 60_000)]
    commons.near[1]["imageinfo"][0]["size"] = 10
    commons.near.append(commons.add(3))
    del commons.files["/files/3.jpg"]

    rows = choose_all(staff, landmark)

    assert [(row.state, row.reason) for row in rows] == [
        ("refused", "unsupported_type"),
        ("refused", "too_large"),
        ("refused", "gone"),
    ]
    assert not Photo.objects.exists()
    assert "Try again" in search(staff, landmark)


@pytest.mark.parametrize("to", ["http://localhost/x.jpg", "https://elsewhere.example/x.jpg"])
def test_redirects_to_other_hosts_are_not_followed(staff, commons, landmark, to):
    commons.near = [commons.add(1)]
    commons.redirects["/files/1.jpg"] = to

    [row] = choose_all(staff, landmark)

    assert (row.state, row.reason) == ("refused", "outside")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/a.jpg",
        "http://commons.wikimedia.org/a.jpg",
        "https://commons.wikimedia.org:8443/a.jpg",
        "https://commons.wikimedia.org@elsewhere.example/a.jpg",
        "https://commons.wikimedia.org.elsewhere.example/a.jpg",
        "file:///etc/passwd",
        "http://127.0.0.1/a.jpg",
    ],
)
def test_other_addresses_are_never_asked(url):
    with pytest.raises(open_photos.AddressRefused):
        open_photos.fetch_picture(url, most=100)


def test_an_interface_outside_the_list_is_not_asked(staff, commons, landmark, settings):
    settings.OPEN_PHOTO_HOSTS = ["commons.wikimedia.org"]

    page = search(staff, landmark)

    assert "GILNUN_OPEN_PHOTO_HOSTS" in page and not commons.asked


def test_without_network_the_page_says_what_to_do(staff, commons, landmark, settings):
    commons.near = [commons.add(1)]
    chosen = choices(search(staff, landmark))
    settings.OPEN_PHOTO_API = "http://127.0.0.1:9/w/api.php"
    settings.OPEN_PHOTO_HOSTS = ["127.0.0.1"]

    page = search(staff, landmark)
    assert "Wikimedia Commons does not answer" in page and "Upload photos instead" in page

    staff.post(finder(landmark), {"photo": chosen})
    row = OpenPhotoImport.objects.get()
    assert row.state == "waiting"
    give_up_import(str(row.pk), "gave up")
    Job.objects.filter(task=TASK).update(state=Job.State.PARKED, finished_at=timezone.now())
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "unavailable")

    settings.OPEN_PHOTO_API = f"{commons.address}/w/api.php"
    staff.post(finder(landmark), {"again": row.pk})
    call_command("work_off_jobs")
    row.refresh_from_db()
    assert row.state == "imported"


def test_thumbnails_are_made_anew_and_only_for_signed_addresses(staff, commons, landmark):
    hidden = encoded(scene("gate", 1), comment=b"where I live")
    commons.near = [commons.add(1, content=hidden)]
    page = search(staff, landmark)

    [address] = re.findall(r'src="([^"]+thumbnail.jpg[^"]+)"', page)
    answer = staff.get(address)

    assert answer["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.content)).size == (320, 240)
    assert b"where I live" in hidden and b"where I live" not in answer.content
    plain = address.partition("?")[0]
    assert staff.get(plain, {"of": f"{commons.address}/thumb/1.jpg"}).status_code == 404
    [choice] = choices(page)
    assert staff.get(plain, {"of": choice}).status_code == 404
    elsewhere = signing.dumps("https://elsewhere.example/a.jpg", salt=THUMBNAIL)
    assert staff.get(plain, {"of": elsewhere}).status_code == 404


def test_the_finder_asks_for_the_right_and_the_region(client, commons, landmark):
    commons.near = [commons.add(1)]
    client.force_login(create_user(name="partner", roles=[Role.PARTNER_MANAGER]).user)
    assert client.get(finder(landmark)).status_code == 403

    limited = create_user(name="gyeongbuk", roles=[Role.PHOTO_EDITOR]).user
    EditorRegion.objects.create(user=limited, region=Region.objects.get(code="KR-47"))
    client.force_login(limited)
    assert client.get(finder(landmark)).status_code == 403
    assert client.get(f"{finder(landmark)}thumbnail.jpg").status_code == 403

    inside = LandmarkFactory(region=Region.objects.get(code="KR-47"))
    chosen = choices(search(client, inside))
    assert client.post(finder(landmark), {"photo": chosen}).status_code == 403
    assert not OpenPhotoImport.objects.exists()
    [row] = choose_all(client, inside)
    assert row.state == "imported"


def test_a_choice_that_nobody_signed_is_refused(staff, commons, landmark):
    page = staff.post(finder(landmark), {"photo": ["1"]}, follow=True).content.decode()

    assert "search again" in page
    assert not OpenPhotoImport.objects.exists()
