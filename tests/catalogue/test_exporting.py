"""Lists that go out can be changed and come back in, with every value as it was."""

import io
import json
import re
import tracemalloc
from contextlib import suppress

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue.exporting.export import export_of
from apps.catalogue.exporting.formats import FORMATS
from apps.catalogue.models import Category, Landmark, LandmarkName, License, Region
from apps.guide.models import Article
from apps.operations.audit import snapshot
from tests.catalogue.lists import rows_of
from tests.catalogue.places import many_landmarks
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"
NASTY = ["=1+1", "+82 2 123", "-5 places", "@home", "a|b\\c", "'quoted", 'say "hi", ok', "'=x"]


@pytest.fixture
def places() -> list[Landmark]:
    """Landmarks with every value that a list can hold, also such that look like formulas."""
    district = Region.objects.create(code="KR-11-x", parent=Region.objects.get(code="KR-11"))
    district.names.create(language="ko", text="종로구")
    slashed = Category.objects.create(slug="slashed")
    slashed.names.create(language="ko", text="산/계곡")
    made = []
    for number, text in enumerate(NASTY):
        landmark = LandmarkFactory(
            slug=f"place-{number}",
            names={"ko": f"{text} 궁", "en": text},
            category=slashed,
            region=district if number % 2 else district.parent,
            parent=made[0] if number else None,
            latitude=-37.5 if number % 3 else None,
            longitude=126.123456789012 if number % 3 else None,
            address=text,
            source=text,
            phone=text[:9],
            external_ids={"aihub": f"{number}", "kto": text} if number % 2 else {},
            opening_hours="Tu-Su 09:00-18:00; Mo off",
            adult_fee=number * 1000,
            wheelchair="limited",
            website="https://example.org/?a=1,2",
        )
        for alias in (text, f"{text}|x"):
            LandmarkName.objects.create(landmark=landmark, language="ko", kind="alias", text=alias)
        made.append(landmark)
    return made


def everything() -> list[dict]:
    """Return all that a list of landmarks, names or articles can change."""
    landmarks = Landmark.objects.order_by("slug").prefetch_related("names", "articles")
    rows = [snapshot(each, related=["names", "articles"]) for each in landmarks]
    for row in rows:
        row["parent"] = Landmark.objects.filter(pk=row["parent_id"]).values_list("slug").first()
        for name in ("id", "parent_id", "created_at", "updated_at", "version"):
            del row[name]
        for article in row["articles"]:
            for name in ("created_at", "updated_at", "published_at", "version", "state"):
                del article[name]
    return rows


def exported(kind: str, format: str, path, capsys, *options: str) -> dict:
    call_command("export_landmarks", "--output", str(path), "--kind", kind, *options)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def imported(kind: str, path, capsys) -> dict:
    with suppress(SystemExit):
        call_command("import_landmarks", str(path), "--kind", kind)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_exported_comes_back_as_it_was(places, tmp_path, capsys, format):
    for landmark, text in zip(places, NASTY, strict=True):
        ArticleFactory(landmark=landmark, title=text, body=f"{text}\n\n둘째 문단 \\ | '")
    before = everything()
    files = {kind: tmp_path / f"{kind}.{format}" for kind in ("landmarks", "names", "articles")}
    rows = {kind: exported(kind, format, path, capsys)["rows"] for kind, path in files.items()}
    assert rows == {"landmarks": 8, "names": 32, "articles": 8}

    for kind, path in files.items():
        again = imported(kind, path, capsys)
        assert (again["unchanged"], again["created"], again["refused"]) == (rows[kind], 0, [])
    assert everything() == before

    Article.objects.all().delete()
    Landmark.objects.update(parent=None)
    Landmark.objects.all().delete()
    for kind, path in files.items():
        assert imported(kind, path, capsys)["refused"] == []
    Landmark.objects.update(state="published")
    assert everything() == before


@pytest.mark.S11
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_is_a_formula(places, tmp_path, capsys, format):
    path = tmp_path / f"list.{format}"
    exported("landmarks", format, path, capsys)

    if format == "csv":
        cells = [cell for row in rows_of(path.read_bytes()) for cell in row.values()]
    else:
        sheet = load_workbook(path).active
        cells = [cell.value for row in sheet.iter_rows() for cell in row]
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    texts = [cell for cell in cells if isinstance(cell, str)]

    assert not [
        text
        for text in texts
        if re.match(r"[=+\-@\t\r]", text) and not re.fullmatch(r"-?\d+(\.\d+)?", text)
    ]


def test_each_photo_is_listed_with_its_credit(tmp_path, capsys):
    landmark = LandmarkFactory()
    by = PhotoFactory(landmark=landmark, credit="홍길동", license=LicenseFactory(code="CC-BY-4.0"))
    holder = License.objects.create(code="X", name="X", holder="PCN컨소시엄")
    held = PhotoFactory(landmark=landmark, credit="", license=holder)
    path = tmp_path / "list.json"

    exported("landmarks", "json", path, capsys)

    (row,) = json.loads(path.read_text())
    assert row["photos"] == [
        f"{by.url} © 홍길동 (CC-BY-4.0)",
        f"{held.url} © PCN컨소시엄 (X)",
    ]


def download(client, query: str = "", **values) -> bytes:
    answer = client.post(f"{LIST}{query}", {"action": "export_selected", **values})
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def test_the_admin_exports_what_was_selected(staff, places):
    chosen = [places[1].pk, places[4].pk]

    page = staff.post(LIST, {"action": "export_selected", "_selected_action": chosen})
    assert "2 entries are selected" in page.content.decode()
    rows = rows_of(download(staff, _selected_action=chosen, kind="landmarks", format="csv"))

    assert {row["slug"] for row in rows} == {"place-1", "place-4"}


def test_the_admin_exports_everything_that_the_filters_found(staff, places):
    LandmarkFactory(slug="draft", state="draft")
    values = {"select_across": "1", "_selected_action": [places[0].pk], "format": "csv"}
    query = "?state__exact=published"
    page = staff.post(f"{LIST}{query}", {"action": "export_selected", **values} | {"format": ""})
    html = page.content.decode()
    assert f'action="{LIST}{query}"' in html and "8 entries are selected" in html

    rows = rows_of(download(staff, query, kind="landmarks", **values))
    names = rows_of(download(staff, query, kind="names", **values))
    found = rows_of(download(staff, "?q=quoted", kind="landmarks", **values))

    assert len(rows) == 8 and "draft" not in {row["slug"] for row in rows}
    assert len(names) == 32
    assert "place-5" in {row["slug"] for row in found} and len(found) < 8


def test_articles_are_exported_from_their_own_list(staff):
    one, _other = ArticleFactory(title="하나"), ArticleFactory(title="둘")
    values = {"_selected_action": [one.pk], "kind": "articles", "format": "json"}

    answer = staff.post("/admin/guide/article/", {"action": "export_selected", **values})

    (row,) = json.loads(b"".join(answer.streaming_content))
    assert (row["landmark"], row["title"]) == (one.landmark.slug, "하나")
    assert 'filename="gilnun-articles-' in answer["Content-Disposition"]


def test_who_sees_landmarks_may_export_them_and_no_more(client, places):
    client.force_login(create_user(name="mina", roles=[Role.PHOTO_EDITOR]).user)
    values = {"_selected_action": [places[0].pk], "kind": "landmarks", "format": "csv"}

    assert len(rows_of(download(client, **values))) == 1


def test_the_command_chooses_and_refuses_what_it_cannot_write(places, tmp_path, capsys):
    path = tmp_path / "list.csv"
    assert exported("landmarks", "csv", path, capsys, "--region", "KR-11-x")["rows"] == 4
    assert exported("landmarks", "csv", path, capsys, "--search", "home")["rows"] == 1
    assert exported("landmarks", "csv", path, capsys, "--state", "draft")["rows"] == 0
    assert rows_of(path.read_bytes()) == []

    for output in (tmp_path / "list.txt", tmp_path / "nowhere" / "list.csv"):
        with pytest.raises(SystemExit) as ended:
            exported("landmarks", "", output, capsys)
        assert ended.value.code == 2
        assert "error" in json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
def test_a_long_export_takes_little_memory_and_few_queries(format, django_assert_max_num_queries):
    many_landmarks(3000)
    export = export_of("landmarks")()
    largest = io.BytesIO()

    tracemalloc.start()
    with django_assert_max_num_queries(20):
        for piece in FORMATS[format].write(
            export.columns, export.rows(Landmark.objects.order_by("pk"))
        ):
            largest.write(piece[:1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40 * 2**20
