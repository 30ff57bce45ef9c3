"""A backup, and the same data back from it: byte for byte, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from portal.database_cluster import APPLICATION, OWNER, DatabaseCluster
from tests.environment import ROOT
from tests.pictures import encoded, scene

pytestmark = pytest.mark.slow
PICTURES = ROOT / "ml" / "demo" / "pictures" / "references"


class Place:
    """A data folder with a database of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
        }
        self.environment = {**kept, "GILNUN_DATA_DIR": str(folder)}

    def manage(self, *arguments: str, status: int = 0) -> dict:
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == status, result.stderr[-3000:]
        lines = result.stdout.splitlines()
        return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}

    def fill_with_tasks(self, number: int) -> None:
        """Make a dataset of this many tasks, and somebody who works on it."""
        with DatabaseCluster(self.folder).in_use():
            subprocess.run(
                [sys.executable, "-m", "tests.crowd", "--people=1", "--leases=0"]
                + [f"--tasks={number}"],
                cwd=ROOT,
                env=self.environment | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
                stdout=subprocess.DEVNULL,
                check=True,
            )

    def rows(self) -> dict[str, str]:
        """Return a checksum of all rows of each table."""
        cluster = DatabaseCluster(self.folder)
        with cluster.in_use(), psycopg.connect(cluster.dsn(OWNER)) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            return {
                name: connection.execute(
                    sql.SQL(
                        "SELECT coalesce(md5(string_agg(row, '|' ORDER BY row)), '')"
                        " FROM (SELECT t::text AS row FROM public.{} AS t) AS rows"
                    ).format(sql.Identifier(name))
                ).fetchone()[0]
                for (name,) in tables
            }

    def files(self) -> dict[str, str]:
        media = self.folder / "media"
        return {
            str(path.relative_to(media)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in media.rglob("*")
            if path.is_file()
        }


@pytest.fixture(scope="module")
def source(tmp_path_factory, pytestconfig) -> Place:
    """A portal's data: a catalogue, photos with their files, people, the log of it all."""
    folder = tmp_path_factory.mktemp("source")
    place = Place(folder / "data")
    place.manage("migrate", "--database=owner", "--verbosity=0")
    place.manage("seed_demo", "--catalogue-only")
    pictures = folder / "pictures" / "sungnyemun"
    pictures.mkdir(parents=True)
    for path in sorted((PICTURES / "sungnyemun").glob("*.jpg"))[:2]:
        shutil.copy(path, pictures)
    is_long = pytestconfig.getoption("--long")
    for number in range(500 if is_long else 0):
        (pictures / f"{number}.jpg").write_bytes(encoded(scene("gate", number)))
    place.manage("import_photos", str(pictures.parent), "--license", "CC0-1.0")
    place.manage("create_user", "curator", "--role", "content_editor")
    if is_long:
        place.fill_with_tasks(10_000)
    return place


@pytest.fixture(scope="module")
def backup(source, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("backups") / "tonight"
    source.manage("backup", str(folder))
    return folder


@pytest.mark.R11
def test_everything_comes_back_byte_for_byte(source, backup, tmp_path, is_long, seen):
    other = Place(tmp_path / "data")
    started = time.monotonic()

    report = other.manage("restore", str(backup))

    seconds = time.monotonic() - started
    tables, files = other.rows(), other.files()
    seen("R11", tables=len(tables), files=len(files), restore_s=round(seconds))
    assert seconds <= 120 or not is_long
    assert report["missing"] == []
    assert tables == source.rows()
    assert files == source.files()
    assert len(files) >= (500 if is_long else 2)
    own_key, key = (
        (place.folder / "secrets" / "django-secret-key").read_text() for place in (other, source)
    )
    assert own_key == key
    cluster = DatabaseCluster(other.folder)
    with (
        cluster.in_use(),
        psycopg.connect(cluster.dsn(APPLICATION)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM operations_auditentry")


def test_a_backup_is_private(backup):
    files = [path for path in backup.rglob("*") if path.is_file()]
    modes = {path.stat().st_mode & 0o077 for path in [backup, *files]}

    assert modes == {0}


def test_content_is_replaced_only_when_asked_for(source, backup, tmp_path):
    place = Place(tmp_path / "data")
    place.manage("restore", str(backup))
    place.manage("create_user", "newcomer", "--role", "annotator")
    before = place.rows()

    place.manage("restore", str(backup), status=2)
    unchanged = place.rows()
    place.manage("restore", str(backup), "--replace")

    assert unchanged == before
    assert place.rows() == source.rows()


@pytest.mark.R11
@pytest.mark.parametrize("damaged", ["database.dump", "files.jsonl", "picture"])
def test_a_damaged_backup_changes_nothing(backup, tmp_path, damaged):
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    path = copy / damaged
    if damaged == "picture":
        path = next(each for each in (copy / "files" / "media").rglob("*") if each.is_file())
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    place = Place(tmp_path / "data")

    place.manage("restore", str(copy), status=2)

    assert place.rows() == {}
    assert place.files() == {}


def test_half_a_backup_is_none(backup, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    (copy / "manifest.json").unlink()

    Place(tmp_path / "data").manage("restore", str(copy), status=2)


def test_a_backup_overwrites_nothing(source, backup):
    before = (backup / "manifest.json").read_bytes()

    source.manage("backup", str(backup), status=2)

    assert (backup / "manifest.json").read_bytes() == before
    assert not list(backup.parent.glob("*.part-*"))
