import json

import pytest
from django.core.management import call_command

from apps.catalogue.models import Category, Landmark, Region

pytestmark = pytest.mark.django_db
HEADER = "name_ko,name_en,category,region1,region2,address,latitude,longitude,source"
PALACE = "경복궁,Gyeongbokgung,문화유산/사적,서울특별시,종로구,사직로 161,37.5796,126.9770,test"


@pytest.fixture
def run(tmp_path, capsys):
    def run_import(*rows: str, options: tuple[str, ...] = (), header: str = HEADER):
        path = tmp_path / "landmarks.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        code = 0
        try:
            call_command("import_landmarks", str(path), *options)
        except SystemExit as exit:
            code = exit.code
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run_import


def test_import_makes_drafts_with_names_category_and_region(run):
    code, report = run(PALACE)

    landmark = Landmark.objects.get()
    assert (code, report["created"], landmark.state) == (0, 1, "draft")
    assert landmark.slug == "gyeongbokgung"
    assert (landmark.name_in("ko"), landmark.name_in("en")) == ("경복궁", "Gyeongbokgung")
    assert [str(node) for node in landmark.category.chain()] == ["문화유산", "사적"]
    assert str(landmark.region) == "서울특별시 종로구"
    assert landmark.region.name_in("en") == "Jongno-gu"


def test_importing_again_changes_nothing(run):
    run(PALACE)

    code, report = run(PALACE)

    assert (code, report) == (0, {"created": 0, "updated": 0, "unchanged": 1, "refused": []})


def test_a_changed_row_updates_its_landmark_and_keeps_its_slug(run):
    run(PALACE)

    _, report = run(PALACE.replace("사직로 161", "사직로 162").replace("Gyeongbokgung", "Palace"))

    landmark = Landmark.objects.get()
    assert report["updated"] == 1
    assert (landmark.slug, landmark.address) == ("gyeongbokgung", "사직로 162")


def test_publish_keeps_incomplete_rows_as_drafts_and_says_why(run):
    code, report = run(PALACE, "덕수궁,,문화유산,서울특별시,,,,,test", options=("--publish",))

    states = dict(Landmark.objects.values_list("slug", "state"))
    assert states == {"gyeongbokgung": "published", "deoksugung": "draft"}
    assert code == 1
    assert report["refused"][0]["line"] == 3
    assert "no coordinates" in report["refused"][0]["reason"]


def test_dry_run_changes_nothing(run):
    code, report = run(PALACE, options=("--dry-run",))

    assert (code, report["created"]) == (0, 1)
    assert not Landmark.objects.exists()
    assert not Category.objects.exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,문화유산,서울특별시,,,,,test", "name_ko is empty"),
        ("궁,,문화유산,화성,,,,,test", "there is no 시도 '화성'"),
        ("궁,,문화유산,서울특별시,,,99,126,test", "latitude must lie"),
        ("궁,,문화유산,서울특별시,,,37.5,,test", "must both be numbers"),
        ("궁,,문화유산,서울특별시,,,1,2,test,extra", "more values than columns"),
        ("가" * 201 + ",,문화유산,서울특별시,,,,,test", "more than 200 characters"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_good_ones_stay(run, row, reason):
    code, report = run(PALACE, row)

    assert (code, report["created"]) == (1, 1)
    assert report["refused"][0]["line"] == 3
    assert reason in report["refused"][0]["reason"]


def test_a_file_without_the_columns_does_nothing(run):
    code, report = run("경복궁", header="name")

    assert code == 2
    assert "name_ko" in report["error"]


def test_former_names_of_provinces_are_understood(run):
    run("오죽헌,Ojukheon,문화유산/보물,강원도,강릉시,율곡로,37.7795,128.8775,test")

    assert Landmark.objects.get().region.parent == Region.objects.get(code="KR-42")


def test_slugs_come_from_romanization_and_a_number_when_taken(run):
    run(
        "첨성대,,문화유산,경상북도,경주시,,,,test",
        "첨성대,,문화유산,서울특별시,중구,,,,test",
    )

    assert list(Landmark.objects.order_by("pk").values_list("slug", flat=True)) == [
        "cheomseongdae",
        "cheomseongdae-2",
    ]


@pytest.mark.slow
def test_the_thousand_real_landmarks_import(shared_data, capsys):
    call_command("import_landmarks", str(shared_data / "landmarks_kr.csv"), "--publish")

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["created"] == 1000
    assert report["refused"] == []
    assert Landmark.objects.published().count() == 1000
