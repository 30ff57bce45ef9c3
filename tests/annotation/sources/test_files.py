import io
import zipfile

import pytest

from apps.annotation.sources import files as files_module
from apps.annotation.sources.entries import EntryRefused, SourceRefused
from apps.annotation.sources.files import ArchiveFiles, FolderFiles, files_below, inside


def archive(members: dict[str, bytes], **options) -> ArchiveFiles:
    return ArchiveFiles(packed(members, **options))


def packed(members: dict[str, bytes], **options) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file


def refused(files) -> dict[str, str]:
    return {entry.name: entry.refused for entry in files.entries()}


@pytest.mark.S11
@pytest.mark.parametrize(
    "name", ["../a.jpg", "a/../../b.jpg", "/etc/passwd", "C:\\a.jpg", "..\\a.jpg"]
)
def test_inside_refuses_what_leads_elsewhere(name):
    with pytest.raises(EntryRefused, match="outside_folder"):
        inside(name)


def test_inside_makes_slashes_plain():
    assert inside(".\\a\\b.jpg") == "a/b.jpg"


def test_an_archive_answers_for_each_file():
    files = archive(
        {
            "a/1.jpg": b"one",
            "../2.jpg": b"two",
            "__MACOSX/a/._1.jpg": b"",
            "a/Thumbs.db": b"",
            "a/b/c/3.jpg": b"three",
        }
    )

    assert refused(files) == {"a/1.jpg": "", "../2.jpg": "outside_folder", "a/b/c/3.jpg": ""}
    assert files.read("a/b/c/3.jpg", most=10) == b"three"
    assert files.total == 3


def test_an_archive_takes_the_first_of_two_files_with_one_name():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target, pytest.warns(UserWarning, match="Duplicate"):
        target.writestr("a.jpg", b"one")
        target.writestr("a.jpg", b"two")

    files = ArchiveFiles(file)

    assert [entry.refused for entry in files.entries()] == ["", "duplicate_name"]
    assert files.read("a.jpg", most=10) == b"one"


@pytest.mark.S11
def test_an_archive_reads_no_more_of_a_bomb_than_a_picture_may_have():
    files = archive({"a.jpg": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED)

    assert len(files.read("a.jpg", most=1000)) == 1001


def test_an_archive_says_that_a_file_is_encrypted():
    content = bytearray(packed({"a.jpg": b"one"}).getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1

    files = ArchiveFiles(io.BytesIO(bytes(content)))

    assert refused(files) == {"a.jpg": "encrypted"}


def test_an_archive_refuses_a_damaged_file_and_gives_the_others():
    content = bytearray(packed({"a.jpg": b"one", "b.jpg": b"two"}).getvalue())
    content[content.index(b"one")] = 0

    files = ArchiveFiles(io.BytesIO(bytes(content)))

    with pytest.raises(EntryRefused, match="unreadable"):
        files.read("a.jpg", most=10)
    assert files.read("b.jpg", most=10) == b"two"


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_refused_or_empty(content):
    try:
        files = ArchiveFiles(io.BytesIO(content))
    except SourceRefused as reason:
        assert reason.code == "no_archive"
    else:
        assert list(files.entries()) == []


def test_an_archive_with_a_huge_directory_is_refused_unread():
    content = bytearray(packed({"a.jpg": b"one"}).getvalue())
    at = content.rindex(b"PK\x05\x06") + 12
    content[at : at + 4] = (64 * 1024 * 1024).to_bytes(4, "little")

    with pytest.raises(SourceRefused, match="too_many_entries"):
        ArchiveFiles(io.BytesIO(bytes(content)))


@pytest.mark.slow
def test_an_archive_of_100_000_files_is_listed_and_a_larger_one_refused(monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for number in range(100_000):
            target.writestr(f"{number % 100}/{number}.jpg", b"")

    assert sum(1 for entry in ArchiveFiles(file).entries() if not entry.refused) == 100_000

    monkeypatch.setattr(files_module, "MOST_ENTRIES", 99_999)
    with pytest.raises(SourceRefused, match="too_many_entries"):
        ArchiveFiles(file)


def test_an_archive_of_korean_windows_has_readable_names():
    name = "경복궁/1.jpg"
    plain = packed({"x" * len(name.encode("cp949")): b"one"}).getvalue()
    written = plain.replace(b"x" * len(name.encode("cp949")), name.encode("cp949"))

    assert refused(ArchiveFiles(io.BytesIO(written))) == {name: ""}


def test_an_archive_finds_a_file_by_its_last_name_when_it_is_the_only_one():
    files = archive({"images/a.jpg": b"", "images/b.jpg": b"", "more/b.jpg": b""})

    assert files.find("a.jpg") == "images/a.jpg"
    assert files.find("more/b.jpg") == "more/b.jpg"
    with pytest.raises(EntryRefused, match="file_missing"):
        files.find("b.jpg")


def test_a_folder_finds_only_what_lies_in_it(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"one")
    (folder / "away.jpg").symlink_to(tmp_path / "secret.jpg")
    files = FolderFiles(folder)

    assert files.find("a.jpg") == "a.jpg"
    for name, reason in (
        ("../secret.jpg", "outside_folder"),
        ("away.jpg", "outside_folder"),
        ("b.jpg", "file_missing"),
    ):
        with pytest.raises(EntryRefused, match=reason):
            files.find(name)


def test_files_below_come_in_one_order_from_anywhere(tmp_path):
    for path in ("b/2.json", "b/10.json", "a.json", "a/1.json", "b.json", "a/.hidden", "c.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("{}")

    whole = list(files_below(str(tmp_path)))

    assert whole == ["a.json", "a/1.json", "b.json", "b/10.json", "b/2.json", "c.txt"]
    for number, path in enumerate(whole):
        assert list(files_below(str(tmp_path), after=path)) == whole[number + 1 :]
