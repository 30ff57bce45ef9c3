import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.catalogue.imports import flow
from apps.catalogue.models import CatalogueImport, Category, Landmark, Region
from apps.operations.models import AuditEntry, Job

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


def test_the_command_writes_history_and_keeps_a_record_of_itself(run):
    run(PALACE)
    run(PALACE.replace("사직로 161", "사직로 162"))

    landmark = Landmark.objects.get()
    changed, created = AuditEntry.objects.about(landmark)
    assert (created.by_name, created.action) == ("import_landmarks", "created")
    assert (changed.before["address"], changed.after["address"]) == ("사직로 161", "사직로 162")
    first, second = CatalogueImport.objects.order_by("pk")
    assert (first.created, second.updated, second.by_name) == (1, 1, "import_landmarks")
    assert changed.batch == second.batch


def test_a_landmark_is_known_by_its_number_elsewhere(run):
    header = f"{HEADER},external_ids"
    run(f"{PALACE},aihub=2501|kto=126508", header=header)

    code, report = run(
        f"{PALACE.replace('경복궁', '새 이름')},kto=126508|wikidata=Q1", header=header
    )

    landmark = Landmark.objects.get()
    assert (code, report["updated"]) == (0, 1)
    assert landmark.name_in("ko") == "새 이름"
    assert landmark.external_ids == {"aihub": "2501", "kto": "126508", "wikidata": "Q1"}


def test_a_list_that_names_known_landmarks_may_have_a_few_columns(run):
    run(PALACE)

    code, report = run("gyeongbokgung,사직로 1,", "nowhere,,", header="slug,address,latitude")

    assert (code, report["updated"]) == (1, 1)
    assert Landmark.objects.get().address == "사직로 1"
    assert Landmark.objects.get().latitude == 37.5796
    assert report["refused"][0]["line"] == 3
    assert "a new one needs name_ko" in report["refused"][0]["reason"]


def test_parts_may_stand_before_or_after_what_they_are_part_of(run):
    header = f"slug,{HEADER},parent"

    code, report = run(
        f"palace,{PALACE},",
        f"hall,{PALACE.replace('경복궁', '근정전')},palace",
        f"gate,{PALACE.replace('경복궁', '문')},nowhere",
        f"palace,{PALACE},gate",
        header=header,
    )

    assert (code, report["created"]) == (1, 2)
    assert Landmark.objects.get(slug="hall").parent.slug == "palace"
    assert [row["line"] for row in report["refused"]] == [4, 5]
    _, report = run(f"palace,{PALACE},hall", header=header)
    assert "part of itself" in report["refused"][0]["reason"]


def test_swapped_coordinates_are_mended_on_request(run):
    row = PALACE.replace("37.5796,126.9770", "126.9770,37.5796")

    _, report = run(row)
    assert "seem to be swapped" in report["refused"][0]["reason"]
    code, _ = run(row, options=("--swap-coordinates",))

    assert (code, Landmark.objects.get().latitude) == (0, 37.5796)


def test_unknown_categories_can_be_refused(run):
    code, report = run(PALACE, options=("--known-categories",))

    assert code == 2 and "is not known" in report["refused"][0]["reason"]
    assert not Category.objects.exists()


def test_a_dry_run_leaves_nothing_behind(run, settings):
    run(PALACE, options=("--dry-run",))

    assert not CatalogueImport.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_an_interrupted_import_is_stopped_and_the_next_one_goes_on(run, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(flow, "import_slice", interrupt)
        run(PALACE)
    assert CatalogueImport.objects.get().state == "stopped"

    assert run(PALACE)[1]["created"] == 1


def test_what_a_killed_command_left_is_finished_by_the_workers(run, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(SystemError):
        patched.setattr(flow, "import_slice", lambda *_, **__: (_ for _ in ()).throw(SystemError))
        run(PALACE)
    assert CatalogueImport.objects.get().state == "importing"

    Job.objects.update(available_at=timezone.now())
    call_command("work_off_jobs")

    assert CatalogueImport.objects.get().state == "done"
    assert Landmark.objects.count() == 1
