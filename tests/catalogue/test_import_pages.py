"""Importing a list in the admin, step by step, through HTTP."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import EditorRegion, User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue.imports import flow, staging
from apps.catalogue.imports.flow import import_in_background
from apps.catalogue.models import (
    CatalogueImport,
    Category,
    CategoryAlias,
    Landmark,
    LandmarkName,
    Region,
)
from apps.operations.jobs import TryLater
from apps.operations.models import AuditEntry, Job
from tests.catalogue.lists import HEADER, PALACE, TOWER, csv_of, rows_of, workbook
from tests.factories.catalogue import CategoryFactory, LandmarkFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/catalogueimport/"


@pytest.fixture(autouse=True)
def categories():
    heritage = CategoryFactory(slug="heritage", name="문화유산")
    palace = Category.objects.create(slug="palace", parent=heritage)
    palace.names.create(language="ko", text="궁궐")
    building = CategoryFactory(slug="building", name="건축물")
    building.children.create(slug="tower").names.create(language="ko", text="타워")


def upload(client, content: bytes, kind: str = "landmarks", name: str = "list.csv"):
    file = SimpleUploadedFile(name, content)
    return client.post(f"{LIST}add/", {"kind": kind, "file": file})


def uploaded(client, content: bytes, **options) -> CatalogueImport:
    answer = upload(client, content, **options)
    assert answer.status_code == 302, re.findall("admin-error.*", answer.content.decode())
    return CatalogueImport.objects.latest("pk")


def address(held: CatalogueImport) -> str:
    return f"{LIST}{held.pk}/change/"


def page(client, held: CatalogueImport, query: str = "") -> str:
    return client.get(f"{address(held)}{query}").content.decode()


def check(client, held: CatalogueImport, **values) -> CatalogueImport:
    """Send the columns as they are chosen, and let the worker check the rows."""
    columns = {f"column-{place}": name for place, name in enumerate(held.mapping)}
    client.post(address(held), {"step": "check", **columns, **values})
    return work(held)


def step(client, held: CatalogueImport, name: str, **values) -> CatalogueImport:
    client.post(address(held), {"step": name, **values})
    return work(held)


def work(held: CatalogueImport) -> CatalogueImport:
    call_command("work_off_jobs")
    held.refresh_from_db()
    return held


def counts(held: CatalogueImport) -> tuple[int, int, int, int]:
    return held.created, held.updated, held.unchanged, held.refused


def texts_of_rows(html: str) -> list[str]:
    rows = re.findall(r"<tr data-outcome.*?</tr>", html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_a_list_is_uploaded_looked_at_confirmed_and_reported(staff):
    wrong = ["없는 곳", "문화유산", "화성", "", "", "", "test"]
    held = uploaded(staff, csv_of(PALACE, wrong, TOWER))
    assert "Check all rows" in page(staff, held)
    assert held.mapping == HEADER

    held = check(staff, held)
    preview = page(staff, held)
    assert (held.state, counts(held)) == ("checked", (2, 0, 0, 1))
    assert texts_of_rows(preview) == [
        "3 refused 없는 곳 문화유산 화성 there is no 시도 &#x27;화성&#x27;"
    ]
    assert "Import 2 rows" in preview
    assert not Landmark.objects.exists()

    held = step(staff, held, "confirm")
    result = page(staff, held)
    assert (held.state, counts(held)) == ("done", (2, 0, 0, 1))
    assert "Download the refused rows" in result
    assert set(LandmarkName.objects.values_list("text", flat=True)) == {"경복궁", "남산 전망대"}

    report = b"".join(staff.get(f"{LIST}{held.pk}/report/").streaming_content)
    (row,) = rows_of(report)
    assert row["name_ko"] == "없는 곳" and row["line"] == "3" and "시도" in row["reason"]


def test_the_mended_report_is_imported_and_the_rest_is_unchanged(staff):
    wrong = ["창덕궁", "문화유산", "화성", "", "", "", "test"]
    held = step(staff, check(staff, uploaded(staff, csv_of(PALACE, wrong))), "confirm")
    report = b"".join(staff.get(f"{LIST}{held.pk}/report/").streaming_content)

    mended = uploaded(staff, report.replace("화성".encode(), "서울시".encode()))
    mended = step(staff, check(staff, mended), "confirm")
    again = check(staff, uploaded(staff, csv_of(PALACE)))

    assert counts(mended) == (1, 0, 0, 0)
    assert counts(again) == (0, 0, 1, 0)


def test_every_change_is_in_the_history_with_who_did_it(staff, editor):
    LandmarkFactory(
        slug="gyeongbokgung",
        names={"ko": "경복궁"},
        category=Category.objects.get(slug="palace"),
        source="test",
    )
    row = ["gyeongbokgung", "새 경복궁", "37.5", "127"]
    held = uploaded(staff, csv_of(row, header=["slug", "name_ko", "latitude", "longitude"]))
    held = check(staff, held)
    assert "<del>경복궁</del> → <ins>새 경복궁</ins>" in page(staff, held, "?show=updated")

    step(staff, held, "confirm")

    entry = AuditEntry.objects.about(Landmark.objects.get()).get()
    assert (entry.by_name, entry.action, entry.batch) == ("editor", "changed", held.batch)
    assert entry.before["names"][0]["text"] == "경복궁"
    assert entry.after["names"][0]["text"] == "새 경복궁"
    assert (entry.before["latitude"], entry.after["latitude"]) == (37.5759, 37.5)
    assert AuditEntry.objects.about(held).filter(by_name="editor").count() == 3


def test_columns_can_be_chosen_and_what_lacks_is_said(staff):
    held = uploaded(staff, csv_of(["궁", "서울", "문화유산"], header=["A", "B", "C"]))
    assert "Still needed: name_ko, category, region1" in page(staff, held)

    refused = staff.post(address(held), {"step": "check", "column-0": "name_ko"}, follow=True)
    assert "Please choose the columns of" in refused.content.decode()
    twice = {f"column-{place}": "name_ko" for place in range(3)} | {"column-1": "slug"}
    twice = staff.post(address(held), {"step": "check", **twice}, follow=True)
    assert "Two columns are set to the same value" in twice.content.decode()

    held.mapping = ["name_ko", "region1", "category"]
    assert counts(check(staff, held)) == (1, 0, 0, 0)


def test_problems_are_told_in_the_language_and_with_the_headings_of_the_file(staff):
    staff.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    header = ["명칭", "구분", "시도명"]

    held = check(staff, uploaded(staff, csv_of(["", "문화유산", "서울"], header=header)))

    assert "명칭 값이 비어 있습니다" in page(staff, held)


def test_unknown_categories_are_mapped_from_the_preview_and_kept_for_later_lists(staff):
    rows = [[f"궁 {n}", "고궁/역사", "서울", "", "", "", "t"] for n in range(3)]
    rows += [["찻집", "찻집", "서울", "", "", "", "t"]]
    held = check(staff, uploaded(staff, csv_of(*rows)))
    html = page(staff, held)
    assert counts(held) == (0, 0, 0, 4)
    assert "고궁/역사 (3)" in html and "찻집 (1)" in html

    palace = Category.objects.get(slug="palace")
    held = step(staff, held, "settle", text=["고궁/역사", "찻집"], category=[str(palace.pk), "new"])

    assert counts(held) == (4, 0, 0, 0)
    assert CategoryAlias.objects.get(text="고궁/역사").category == palace
    assert Category.objects.filter(parent=None, names__text="찻집").exists()
    assert AuditEntry.objects.filter(subject_type="catalogue.categoryalias").exists()
    later = check(staff, uploaded(staff, csv_of(["다른 궁", "고궁/역사", "부산", *[""] * 4])))
    assert counts(later) == (1, 0, 0, 0)


def test_aliases_of_categories_and_regions_meet_in_one(staff):
    heritage = Category.objects.get(slug="heritage")
    for text in ("문화재", "문화"):
        CategoryAlias.objects.create(text=text, category=heritage)
    rows = [
        ["하나", "문화재", "강원도", "강릉시", "", "", ""],
        ["둘", "문화유산", "강원특별자치도", "강릉시", "", "", ""],
        ["셋", "문화", "강원", "강릉시", "", "", ""],
        ["넷", "문화재/궁궐", "강원도 강릉시", "", "", "", ""],
    ]

    step(staff, check(staff, uploaded(staff, csv_of(*rows))), "confirm")

    assert set(Landmark.objects.values_list("category__slug", flat=True)) == {"heritage", "palace"}
    assert Landmark.objects.filter(category=heritage).count() == 3
    assert [
        str(region) for region in Region.objects.filter(landmarks__isnull=False).distinct()
    ] == ["강원특별자치도 강릉시"]


def test_swapped_coordinates_are_said_and_swapped_on_request(staff):
    swapped = [*TOWER]
    swapped[4], swapped[5] = swapped[5], swapped[4]
    held = check(staff, uploaded(staff, csv_of(PALACE, swapped)))
    assert counts(held) == (1, 0, 0, 1)
    assert "In 1 row latitude and longitude seem to be swapped" in page(staff, held)

    held = step(staff, held, "swap")
    assert counts(held) == (2, 0, 0, 0) and held.warned == 1
    step(staff, held, "confirm")

    tower = Landmark.objects.get(names__text="남산 전망대")
    assert (tower.latitude, tower.longitude) == (37.5512, 126.9882)


def test_a_point_outside_the_named_region_is_warned_of_and_taken(staff):
    busan = ["부산 궁", "문화유산/궁궐", "서울특별시", "종로구", "35.16", "129.16", "test"]
    sea = ["바다 궁", "문화유산/궁궐", "서울특별시", "종로구", "35.0", "124.0", "test"]

    held = check(staff, uploaded(staff, csv_of(PALACE, busan, sea)))

    assert counts(held) == (3, 0, 0, 0) and held.warned == 2
    said = texts_of_rows(page(staff, held, "?show=warned"))
    assert "the point lies in 부산광역시 해운대구" in said[0]
    assert "in no district of Korea" in said[1]


def test_rows_of_the_same_landmark_in_one_file_are_refused_with_the_first_line(staff, monkeypatch):
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", 2)
    header = ["slug", "external_ids", *HEADER]
    rows = [
        ["", "", *PALACE],
        ["tower", "", *TOWER],
        ["", "", *PALACE],
        ["tower", "", *TOWER],
        ["", "", *TOWER],
        ["other-tower", "", *TOWER],
        ["", "aihub=7", "셋째", *TOWER[1:]],
        ["", "aihub=7", "넷째", *TOWER[1:]],
    ]

    held = check(staff, uploaded(staff, csv_of(*rows, header=header)))

    said = texts_of_rows(page(staff, held, "?show=refused"))
    assert counts(held) == (4, 0, 0, 4)
    assert [re.search(r"^(\d+) .*line (\d+)$", text).groups() for text in said] == [
        ("4", "2"),
        ("5", "3"),
        ("6", "3"),
        ("9", "8"),
    ]


def test_formula_cells_of_a_workbook_are_refused_only_where_they_are_used(staff):
    rows = [[*HEADER, "note"], [*PALACE, "=1+1"], [*TOWER[:4], "=37+0.5", 127.0, "t", ""]]

    held = check(staff, uploaded(staff, workbook(rows), name="list.xlsx"))

    assert counts(held) == (1, 0, 0, 1)
    assert "the cell holds a formula" in page(staff, held)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("list.csv", b"", "empty"),
        ("photo.png", b"\x89PNG\r\n\x1a\n\x00\x00", "neither CSV, XLSX nor JSON"),
        ("list.xlsx", b"PK\x03\x04", "cannot be read"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_once(staff, name, content, says):
    answer = upload(staff, content, name=name)

    assert answer.status_code == 200 and says in answer.content.decode()
    assert not CatalogueImport.objects.exists()


def test_a_list_above_the_setting_is_refused_with_its_size(staff, settings):
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    settings.IMPORT_REQUEST_MAX_BYTES = 2 * 1024 * 1024
    answer = upload(staff, b"a,b\n" * 400_000)
    assert "up to 1 MB" in answer.content.decode()

    much = upload(staff, b"a,b\n" * 1_000_000)
    assert much.status_code == 413 and "1 MB" in much.content.decode()
    assert not CatalogueImport.objects.exists()


def test_the_preview_has_pages_and_needs_the_same_queries_for_each(staff):
    names = [[f"이름 {n}", *PALACE[1:]] for n in range(120)]
    step(staff, check(staff, uploaded(staff, csv_of(*names))), "confirm")
    changed = [[*name[:4], "37.58", "126.98", "test"] for name in names]
    held = check(staff, uploaded(staff, csv_of(*changed)))

    with CaptureQueriesContext(connection) as many:
        first = page(staff, held, "?show=updated")
    with CaptureQueriesContext(connection) as few:
        last = page(staff, held, "?show=updated&p=3")

    assert len(texts_of_rows(first)) == 50 and len(texts_of_rows(last)) == 20
    assert "latitude: 37.5796" in texts_of_rows(first)[0]
    assert len(many) == len(few) <= 40


def test_an_import_that_was_killed_goes_on_and_does_nothing_twice(staff, monkeypatch):
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", 10)
    names = [[f"이름 {n}", *PALACE[1:]] for n in range(45)]
    held = check(staff, uploaded(staff, csv_of(*names)))
    staff.post(address(held), {"step": "confirm"})
    # The worker dies after two batches.
    written = staging.import_slice(held, seconds=0) or staging._write(
        held, staging._importer(held), 20
    )
    assert written and Landmark.objects.count() == 20

    held = work(held)

    assert (held.state, counts(held)) == ("done", (45, 0, 0, 0))
    assert Landmark.objects.count() == 45
    assert AuditEntry.objects.filter(subject_type="catalogue.landmark").count() == 45


def test_a_row_that_the_database_refuses_does_not_take_its_batch_along(staff, monkeypatch):
    held = check(staff, uploaded(staff, csv_of(["하나", *PALACE[1:]], ["둘", *PALACE[1:]])))
    from apps.catalogue.imports import landmarks

    def create(new):
        for landmark in new:
            if landmark.slug == "dul":
                landmark.latitude = 1000
        Landmark.objects.bulk_create(new)

    monkeypatch.setattr(landmarks, "create_landmarks", create)

    held = step(staff, held, "confirm")

    assert (held.state, counts(held)) == ("done", (1, 0, 0, 1))
    assert Landmark.objects.get().slug == "hana"
    assert "landmark_has_both_coordinates" in page(staff, held)


def test_of_two_imports_the_second_waits_and_says_so(staff):
    first = check(staff, uploaded(staff, csv_of(PALACE), name="first.csv"))
    second = check(staff, uploaded(staff, csv_of(TOWER), name="second.csv"))
    now = timezone.now()
    flow.confirm(first, by=None, at=now)
    flow.confirm(second, by=None, at=now + timedelta(seconds=1))

    with pytest.raises(TryLater):
        import_in_background(str(second.pk))
    assert "Waits for another import: first.csv" in page(staff, second)
    progress = staff.get(f"{LIST}{second.pk}/progress/").json()
    assert progress["waits_for"] == "first.csv" and progress["working"]
    assert not Landmark.objects.exists()

    work(first)
    Job.objects.update(available_at=now)
    assert work(second).state == "done"
    assert Landmark.objects.count() == 2


def test_an_import_can_be_stopped_and_keeps_what_it_wrote(staff, monkeypatch):
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", 10)
    names = [[f"이름 {n}", *PALACE[1:]] for n in range(30)]
    held = check(staff, uploaded(staff, csv_of(*names)))
    staff.post(address(held), {"step": "confirm"})
    held.refresh_from_db()
    staging._write(held, staging._importer(held), 10)

    held = step(staff, held, "stop")

    assert held.state == "stopped" and Landmark.objects.count() == 10
    assert not Job.objects.unfinished().exists()


def test_what_failed_can_be_tried_again_from_where_it_stopped(staff, monkeypatch, settings):
    settings.JOB_ATTEMPTS = 1
    held = check(staff, uploaded(staff, csv_of(PALACE)))
    with monkeypatch.context() as broken:
        broken.setattr(flow, "import_slice", lambda *_, **__: 1 / 0)
        held = step(staff, held, "confirm")
    assert held.state == "failed" and "ZeroDivisionError" in page(staff, held)

    held = step(staff, held, "resume")

    assert (held.state, counts(held)) == ("done", (1, 0, 0, 0))


def test_steps_in_the_wrong_state_change_nothing_and_say_so(staff):
    held = uploaded(staff, csv_of(PALACE))

    answer = staff.post(address(held), {"step": "confirm"}, follow=True)

    assert "This import is columns to be chosen by now" in answer.content.decode()
    assert staff.post(address(held), {"step": "burn"}).status_code == 404


@pytest.fixture
def browser_of(client):
    def sign_in(*roles: Role, region: str = "") -> User:
        user = create_user(name="mina", roles=roles).user
        if region:
            EditorRegion.objects.create(user=user, region=Region.objects.get(code=region))
        client.force_login(user)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return user

    return sign_in


def test_who_may_not_edit_imports_nothing(client, browser_of):
    browser_of(Role.PHOTO_EDITOR)

    assert upload(client, csv_of(PALACE)).status_code == 403


def test_publishing_by_a_list_is_for_publishers(client, browser_of):
    browser_of(Role.CONTENT_EDITOR)
    held = uploaded(client, csv_of(PALACE))
    assert "Publish the entries" not in page(client, held)
    step(client, check(client, held, publish="1"), "confirm")
    assert Landmark.objects.get().state == "draft"

    create_user(name="mina", roles=[Role.PUBLISHER])
    step(client, check(client, uploaded(client, csv_of(PALACE)), publish="1"), "confirm")
    assert Landmark.objects.get().state == "published"


def test_an_editor_of_a_region_imports_into_that_region_only(client, browser_of):
    browser_of(Role.PUBLISHER, region="KR-26")
    busan = ["해운대 누각", "문화유산/궁궐", "부산", "", "", "", ""]

    held = check(client, uploaded(client, csv_of(PALACE, busan)))
    assert counts(held) == (1, 0, 0, 1)
    assert "outside the regions" in page(client, held)

    step(client, held, "confirm")
    assert str(Landmark.objects.get()) == "해운대 누각"


def test_names_are_imported_by_the_address_of_their_landmark(staff):
    landmark = LandmarkFactory(slug="palace", names={"ko": "경복궁"})
    header = ["landmark", "language", "kind", "text"]
    rows = [
        ["palace", "en", "", "Gyeongbokgung"],
        ["palace", "ko", "별칭", "북궐"],
        ["palace", "ko", "official", "새 이름"],
        ["palace", "ko", "official", "또 다른 이름"],
        ["nowhere", "ko", "", "없음"],
        ["palace", "xx", "", "없음"],
    ]
    held = uploaded(staff, csv_of(*rows, header=header), kind="names")
    held = check(staff, held)
    assert "<del>경복궁</del> → <ins>새 이름</ins>" in page(staff, held, "?show=updated")

    held = step(staff, held, "confirm")

    assert counts(held) == (2, 1, 0, 3)
    assert {(name.language, name.kind, name.text) for name in landmark.names.all()} == {
        ("ko", "official", "새 이름"),
        ("en", "official", "Gyeongbokgung"),
        ("ko", "alias", "북궐"),
    }
    landmark.refresh_from_db()
    assert landmark.version == 2
    again = check(staff, uploaded(staff, csv_of(*rows[:3], header=header), kind="names"))
    assert counts(again) == (0, 0, 3, 0)
