import pytest
from django.utils import timezone

from apps.catalogue.duplicates import find_duplicates
from apps.catalogue.merging import NotMergeable, merge_landmarks
from apps.catalogue.models import Landmark, LandmarkRedirect
from apps.catalogue.services import redirect_for
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory
from tests.factories.recognition import CandidateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def twins() -> tuple[Landmark, Landmark]:
    gone = LandmarkFactory(slug="seoul-cathedral", names={"ko": "서울명동성당", "en": "Cathedral"})
    kept = LandmarkFactory(slug="cathedral", names={"ko": "명동성당"})
    return gone, kept


def merge(gone, kept, by):
    return merge_landmarks(gone, into=kept, by=by, at=timezone.now())


def test_the_preview_says_what_moves_and_merging_does_it(staff, twins):
    gone, kept = twins
    PhotoFactory(landmark=kept, sha256="a" * 64)
    PhotoFactory(landmark=gone, sha256="a" * 64)
    moving = PhotoFactory(landmark=gone)
    ArticleFactory(landmark=kept, language="ko")
    ArticleFactory(landmark=gone, language="ko")
    english = ArticleFactory(landmark=gone, language="en")
    part = LandmarkFactory(parent=gone)
    candidate = CandidateFactory(landmark=gone)
    address = f"/admin/catalogue/landmark/merge/{gone.pk}/{kept.pk}/"

    preview = staff.get(address).content.decode()
    assert "Photos: 1 move; 1 stay" in preview and "Articles: 1 move; 1 stay" in preview
    assert "“서울명동성당” becomes a name" in preview
    assert "/landmarks/seoul-cathedral/ leads to /landmarks/cathedral/" in preview
    assert not LandmarkRedirect.objects.exists()

    staff.post(address)

    for row in (moving, english, part, candidate):
        row.refresh_from_db()
    assert moving.landmark == english.landmark == part.parent == candidate.landmark == kept
    assert {name.text: name.kind for name in kept.names.all()} == {
        "명동성당": "official",
        "서울명동성당": "alias",
        "Cathedral": "official",
    }
    gone.refresh_from_db()
    assert gone.state == "withdrawn"
    assert (gone.photos.count(), gone.articles.count()) == (1, 1)
    assert redirect_for("seoul-cathedral") == kept
    merged = AuditEntry.objects.filter(action="merged")
    assert {entry.batch for entry in merged} == {merged[0].batch}
    assert {entry.subject_type for entry in merged} >= {"catalogue.photo", "guide.article"}


def test_a_chain_of_merges_leads_to_the_last_one(editor, twins):
    gone, kept = twins
    last = LandmarkFactory(slug="last")
    merge(gone, kept, editor)
    merge(kept, last, editor)

    assert redirect_for("seoul-cathedral") == redirect_for("cathedral") == last


def test_a_former_address_leads_only_to_what_is_published(editor, twins):
    gone, kept = twins
    merge(gone, kept, editor)
    Landmark.objects.filter(pk=kept.pk).update(state="withdrawn")

    assert redirect_for("seoul-cathedral") is None
    assert redirect_for("never") is None


def test_impossible_merges_are_refused_and_change_nothing(editor, twins, in_english):
    gone, kept = twins
    inside = LandmarkFactory(parent=LandmarkFactory(parent=gone))
    with pytest.raises(NotMergeable, match="itself"):
        merge(gone, gone, editor)
    with pytest.raises(NotMergeable, match="part"):
        merge(gone, inside, editor)
    merge(gone, kept, editor)
    with pytest.raises(NotMergeable, match="before"):
        merge(gone, kept, editor)
    with pytest.raises(NotMergeable, match="third"):
        merge(inside, gone, editor)

    assert LandmarkRedirect.objects.count() == 1


@pytest.mark.parametrize("deleted", [0, 1])
def test_a_landmark_somebody_deleted_meanwhile_is_not_merged(editor, twins, deleted, in_english):
    Landmark.objects.filter(pk=twins[deleted].pk).delete()

    with pytest.raises(NotMergeable, match="deleted"):
        merge(*twins, editor)


def test_an_import_does_not_revive_a_merged_entry(editor, twins, tmp_path, capsys):
    from django.core.management import call_command

    merge(*twins, editor)
    file = tmp_path / "rows.csv"
    file.write_text("slug,name_ko,category,region1\nseoul-cathedral,명동,성당,서울특별시\n")

    with pytest.raises(SystemExit):
        call_command("import_landmarks", file)

    assert "was merged into 'cathedral'" in capsys.readouterr().out


def test_a_merged_entry_cannot_be_published_again(staff, editor, twins):
    gone, kept = twins
    merge(gone, kept, editor)

    page = staff.post(
        "/admin/catalogue/landmark/bulk/", {"keys": gone.pk, "state": "published", "apply": "1"}
    )

    assert page.status_code == 302
    assert Landmark.objects.get(pk=gone.pk).state == "withdrawn"


def test_duplicates_are_near_and_similar_or_share_a_picture(staff, twins):
    LandmarkFactory(slug="far", names={"ko": "명동성당"}, latitude=35.1, longitude=129.0)
    LandmarkFactory(slug="other", names={"ko": "숭례문"})
    one = LandmarkFactory(slug="one", names={"ko": "가나다라"}, latitude=None, longitude=None)
    two = LandmarkFactory(slug="two", names={"ko": "마바사아"}, latitude=34.0)
    for landmark in (one, two):
        PhotoFactory(landmark=landmark, sha256="b" * 64)

    pairs = find_duplicates()

    assert [{pair.first.slug, pair.second.slug} for pair in pairs] == [
        {"one", "two"},
        {"cathedral", "seoul-cathedral"},
    ]
    assert pairs[0].pictures == 1 and pairs[1].metres < 1
    page = staff.get("/admin/catalogue/landmark/duplicates/").content.decode()
    assert "명동성당" in page and "merge/" in page


def test_a_part_is_no_duplicate_of_its_whole_nor_a_merged_entry_of_the_other(editor, twins):
    gone, kept = twins
    LandmarkFactory(names={"ko": "명동성당 문"}, parent=kept)
    merge(gone, kept, editor)

    assert find_duplicates() == []


def test_two_selected_landmarks_lead_to_the_merge_page(staff, twins):
    chosen = {"action": "merge_selected", "_selected_action": [each.pk for each in twins]}

    answer = staff.post("/admin/catalogue/landmark/", chosen)

    gone, kept = sorted(each.pk for each in twins)[::-1]
    assert answer["Location"].endswith(f"/merge/{gone}/{kept}/")


def test_pictures_that_look_alike_tell_of_a_duplicate(twins):
    one = LandmarkFactory(names={"ko": "가나다라"})
    near = LandmarkFactory(names={"ko": "마바사아"})
    far = LandmarkFactory(names={"ko": "자차카타"}, latitude=35.1, longitude=129.0)
    part = LandmarkFactory(names={"ko": "파하거너"}, parent=one)
    looks = "01" * 32
    PhotoFactory(landmark=one, perceptual_hash=looks)
    # Scaled and saved again: four of 64 bits differ.
    PhotoFactory(landmark=near, perceptual_hash="1010" + looks[4:])
    PhotoFactory(landmark=far, perceptual_hash=looks)
    PhotoFactory(landmark=part, perceptual_hash=looks)
    PhotoFactory(landmark=twins[0], perceptual_hash="10" * 32)

    found = {(pair.first, pair.second): pair.pictures for pair in find_duplicates()}

    assert found[one, near] == found[one, far] == 1
    assert (one, part) not in found
    assert not any(twins[0] in pair and one in pair for pair in found)


def unmerge(staff, slug: str):
    merge = LandmarkRedirect.objects.get(old_slug=slug)
    address = f"/admin/catalogue/landmark/unmerge/{merge.pk}/"
    assert "/landmarks/" in staff.get(address).content.decode()
    return staff.post(address, follow=True)


def test_a_merge_is_undone_and_what_was_done_since_stays(staff, editor, twins):
    gone, kept = twins
    Landmark.objects.filter(pk=gone.pk).update(external_ids={"aihub": "7"})
    gone.refresh_from_db()
    photos = PhotoFactory.create_batch(2, landmark=gone)
    english = ArticleFactory(landmark=gone, language="en")
    candidate = CandidateFactory(landmark=gone)
    part = LandmarkFactory(parent=gone)
    merge(gone, kept, editor)
    elsewhere = LandmarkFactory()
    photos[1].landmark = elsewhere
    photos[1].save()
    new = PhotoFactory(landmark=kept)

    page = unmerge(staff, "seoul-cathedral").content.decode()

    assert "an entry of its own again" in page and "1 row was changed or removed since" in page
    for row in (*photos, english, candidate, part, new, gone, kept):
        row.refresh_from_db()
    assert photos[0].landmark == english.landmark == candidate.landmark == part.parent == gone
    assert photos[1].landmark == elsewhere and new.landmark == kept
    assert gone.state == "published" and redirect_for("seoul-cathedral") is None
    assert [name.text for name in kept.names.all()] == ["명동성당"]
    assert kept.external_ids == {} and gone.external_ids == {"aihub": "7"}
    done = AuditEntry.objects.filter(action="reverted")
    assert {entry.subject for entry in done} == {str(gone.pk), str(kept.pk)}


def test_a_row_that_no_longer_fits_stays_with_the_landmark_it_moved_to(staff, editor, twins):
    gone, kept = twins
    english = ArticleFactory(landmark=gone, language="en")
    photo = PhotoFactory(landmark=gone)
    merge(gone, kept, editor)
    ArticleFactory(landmark=gone, language="en", state="draft", published_at=None)

    unmerge(staff, "seoul-cathedral")

    english.refresh_from_db()
    photo.refresh_from_db()
    assert english.landmark == kept and photo.landmark == gone


def test_merges_in_a_row_are_undone_last_first(staff, editor, twins):
    gone, kept = twins
    photo = PhotoFactory(landmark=gone)
    last = LandmarkFactory(slug="last")
    merge(gone, kept, editor)
    merge(kept, last, editor)

    assert "itself merged since" in unmerge(staff, "seoul-cathedral").content.decode()
    unmerge(staff, "cathedral")
    assert redirect_for("seoul-cathedral") == kept
    unmerge(staff, "seoul-cathedral")

    photo.refresh_from_db()
    assert photo.landmark == gone and not LandmarkRedirect.objects.exists()


def test_a_merged_entry_says_where_it_went_and_how_it_comes_back(staff, editor, twins):
    gone, kept = twins
    merge(gone, kept, editor)

    page = staff.get(f"/admin/catalogue/landmark/{gone.pk}/change/").content.decode()

    assert "/landmarks/seoul-cathedral/ leads to 명동성당" in page and "/unmerge/" in page
