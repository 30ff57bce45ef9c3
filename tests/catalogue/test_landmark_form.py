import re

import pytest

from apps.catalogue.models import Landmark, Region
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.operations.forms import fields_of
from tests.operations.test_audit import form_of

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"


def save(staff, landmark, **changes):
    return staff.post(f"{LIST}{landmark.pk}/change/", form_of(landmark, **changes))


def test_names_come_first_and_fields_stand_in_sections(staff):
    page = staff.get(f"{LIST}{LandmarkFactory().pk}/change/").content.decode()

    order = ["names-0-text", "id_category", "id_latitude", "<place-picker", "id_phone", "id_source"]
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert "saves and stays on this page" in page and "form-keys.js" in page


@pytest.mark.parametrize(("language", "says"), [("ko", "랜드마크 삭제"), ("en", "Delete landmark")])
def test_the_button_that_deletes_reads_well_in_each_language(staff, language, says):
    key = LandmarkFactory().pk

    page = staff.get(f"{LIST}{key}/change/", headers={"accept-language": language})

    link = re.compile(rf'<a[^>]*href="{LIST}{key}/delete/"[^>]*>\s*([^<]+?)\s*</a>')
    assert link.findall(page.content.decode()) == [says]


def test_photos_are_shown_in_the_form(staff):
    landmark = LandmarkFactory()
    photos = PhotoFactory.create_batch(8, landmark=landmark)

    page = staff.get(f"{LIST}{landmark.pk}/change/").content.decode()

    shown = {str(photo.pk) for photo in photos if f"{photo.pk}/picture.jpg" in page}
    assert len(shown) == 6 and "8 photos, upload more" in page


def test_numbers_elsewhere_are_lines(staff):
    landmark = LandmarkFactory(external_ids={"aihub": 7})
    page = staff.get(f"{LIST}{landmark.pk}/change/").content.decode()
    assert re.search(r"<textarea[^>]*external_ids[^>]*>\s*aihub: 7<", page)

    save(staff, landmark, external_ids="aihub: 7")
    assert Landmark.objects.get().external_ids == {"aihub": 7}
    landmark.refresh_from_db()
    save(staff, landmark, external_ids="aihub: 8\nwikidata : Q1")
    assert Landmark.objects.get().external_ids == {"aihub": "8", "wikidata": "Q1"}


@pytest.mark.parametrize("wrong", ["aihub 7", "aihub:", ": 7", "{"])
def test_a_line_that_is_no_number_is_refused(staff, wrong):
    landmark = LandmarkFactory()

    page = save(staff, landmark, external_ids=wrong).content.decode()

    assert "a name, a colon and a number" in page
    assert Landmark.objects.get().version == 1


def test_a_name_in_a_language_that_is_not_offered_stays(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대", "mn": "Чомсонде"})

    page = staff.get(f"{LIST}{landmark.pk}/change/").content.decode()
    assert '<option value="mn" selected>' in page
    answer = save(staff, landmark, address="Gyeongju")

    assert answer.status_code == 302
    assert set(landmark.names.values_list("language", flat=True)) == {"ko", "mn"}


def sent(staff, **changes) -> dict:
    page = staff.get(f"{LIST}add/")
    kept = {"category": CategoryFactory().pk, "region": Region.objects.first().pk}
    return fields_of(page, "landmark_form") | kept | changes


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        ([("ko", "official", "새 남문"), ("en", "official", "New South Gate")], "new-south-gate"),
        ([("en", "alias", "The Gate"), ("ko", "official", "새 남문")], "sae-nammun"),
    ],
)
def test_a_new_landmark_gets_an_address_made_of_its_name(staff, names, slug):
    rows = {"names-TOTAL_FORMS": len(names)}
    for number, row in enumerate(names):
        fields = ("language", "kind", "text")
        rows |= {f"names-{number}-{name}": value for name, value in zip(fields, row, strict=True)}

    first, second = (staff.post(f"{LIST}add/", sent(staff, slug="", **rows)) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 302)
    made = Landmark.objects.order_by("pk")
    assert [(each.slug, each.source) for each in made] == [(slug, "staff"), (f"{slug}-2", "staff")]


def test_a_conflict_marks_only_what_differs(staff):
    landmark = LandmarkFactory(external_ids={"aihub": "7", "kto": "8"})
    numbers = "kto: 8\r\naihub: 7"
    save(staff, landmark, address="theirs", external_ids=numbers)

    page = save(staff, landmark, address="mine", external_ids=numbers).content.decode()

    marked = re.findall(r'class="admin-differs">\s*<th scope="row">([^<]+)', page)
    assert marked == ["Address"]
