"""Backups: the database at one moment, and every file that its rows speak of.

The dump comes first and the files after it: a file is never changed under its name, and stays for
days after its row went. What a visitor deletes meanwhile is gone on purpose.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql
from psycopg.conninfo import make_conninfo

from apps.operations.stored_files import missing_files, stored_names
from portal.backup_folder import (
    DUMP,
    FILES,
    FORMAT,
    LIST,
    MANIFEST,
    BackupRefused,
    StoredFile,
    checksum,
    checksum_of,
    copy_with_checksum,
    listed_files,
    path_of,
    verify,
)
from portal.server_programs import program_path

OWNER = "owner"
SECRET = "django-secret-key"
# What the extensions brought stays; everything else in the schema goes.
EMPTY_THE_SCHEMA = """
DO $$
DECLARE found record;
BEGIN
  FOR found IN
    SELECT oid::regclass AS name,
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
    FROM pg_class AS held
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = held.oid AND deptype = 'e')
  LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', found.kind, found.name); END LOOP;
  FOR found IN
    SELECT oid::regprocedure AS name FROM pg_proc AS held
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = held.oid AND deptype = 'e')
  LOOP EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', found.name); END LOOP;
END $$;
"""


def make_backup(folder: Path, *, at: datetime) -> dict:
    """Write a backup into a new folder. Returns its manifest. Raises BackupRefused."""
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        raise BackupRefused(f"{folder} is there already. Please name a new folder.")
    part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        part.mkdir(parents=True, mode=0o700)
        manifest = _write_backup(part, at)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as reason:
        raise BackupRefused(f"The backup could not be written: {reason}.") from reason
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _write_backup(folder: Path, at: datetime) -> dict:
    with _one_moment() as (snapshot, cursor):
        tables = _row_counts(cursor)
        described = {
            "format": FORMAT,
            "made_at": at.isoformat(),
            "server": cursor.connection.info.server_version,
            "roles": _roles_named(cursor),
            "migrations": sorted(map(list, _recorded())),
            "tables": tables,
            "secret_key": _fingerprint(settings.SECRET_KEY),
        }
        _dump(folder / DUMP, snapshot)
    count = length = 0
    (folder / LIST).touch(mode=0o600)
    with (folder / LIST).open("w", encoding="utf-8") as listing:
        for file in _copy_files(folder):
            listing.write(json.dumps(file._asdict(), ensure_ascii=False) + "\n")
            count, length = count + 1, length + file.bytes
    described["files"] = {"count": count, "bytes": length}
    described["sha256"] = {name: checksum(folder / name) for name in (DUMP, LIST)}
    (folder / MANIFEST).touch(mode=0o600)
    (folder / MANIFEST).write_text(json.dumps(described, indent=1, ensure_ascii=False))
    return described


@contextmanager
def _one_moment() -> Iterator[tuple[str, object]]:
    """Hold the database as it is now; yield the name of that moment and a cursor in it."""
    with transaction.atomic(using=OWNER), connections[OWNER].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        yield snapshot, cursor


def _row_counts(cursor) -> dict[str, int]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    counts = {}
    for (name,) in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(name)))
        counts[name] = cursor.fetchone()[0]
    return counts


def _roles_named(cursor) -> list[str]:
    """Return the roles that have rights in the schema: a restore needs them."""
    cursor.execute(
        """
        SELECT DISTINCT pg_get_userbyid(granted.grantee) FROM pg_class AS held,
            aclexplode(held.relacl) AS granted
        WHERE relnamespace = 'public'::regnamespace AND granted.grantee <> 0 ORDER BY 1
        """
    )
    return [name for (name,) in cursor.fetchall()]


def _recorded() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connections[OWNER]).applied_migrations())


def _dump(path: Path, snapshot: str) -> None:
    path.touch(mode=0o600)
    arguments = ["--format=custom", "--schema=public", "--no-owner", f"--snapshot={snapshot}"]
    _run(["pg_dump", *arguments, f"--file={path}", f"--dbname={_conninfo()}"])


def _copy_files(folder: Path) -> Iterator[StoredFile]:
    for name in stored_names():
        try:
            with default_storage.open(name) as file:
                yield _copy(folder, "media", name, file)
        except FileNotFoundError:
            # Its sender deleted it since the list was read.
            continue
    for path in _files_below(settings.MODELS_DIR):
        with path.open("rb") as file:
            yield _copy(folder, "models", str(path.relative_to(settings.MODELS_DIR)), file)
    if _secret_path().exists():
        with _secret_path().open("rb") as file:
            yield _copy(folder, "secrets", SECRET, file)


def _copy(folder: Path, area: str, name: str, file: BinaryIO) -> StoredFile:
    return StoredFile(area, name, *copy_with_checksum(file, folder / FILES / area / name))


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# restoring


def restore_backup(folder: Path, *, replace: bool = False) -> dict:
    """Put a backup in the place of an empty database, or with `replace` of the present one.

    Files come first and replace nothing; the database changes in one transaction, or not at all.
    Returns the numbers of rows and files, and the files that rows miss. Raises BackupRefused.
    """
    manifest = verify(folder)
    _refuse_newer(manifest)
    connections.close_all()
    _refuse_while_used(manifest, replace)
    files = _restore_files(folder)
    _restore_database(folder / DUMP)
    call_command("migrate", database=OWNER, interactive=False, verbosity=0)
    secret_key = _restore_secret(folder, manifest)
    missing = [each.name for each in missing_files()]
    return {
        "made_at": manifest["made_at"],
        "rows": sum(manifest["tables"].values()),
        "files": files,
        "missing": missing,
        "secret_key": secret_key,
    }


def _refuse_newer(manifest: dict) -> None:
    known = set(MigrationLoader(None).disk_migrations)
    unknown = [f"{app}.{name}" for app, name in manifest["migrations"] if (app, name) not in known]
    if unknown:
        raise BackupRefused(
            f"The backup was made by a newer Gilnun ({unknown[0]}). Restore it with that one."
        )


def _refuse_while_used(manifest: dict, replace: bool) -> None:
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        if cursor.fetchone()[0]:
            raise BackupRefused("The database is in use. Stop the portal first.")
        cursor.execute("SELECT rolname FROM pg_roles")
        missing = set(manifest["roles"]) - {name for (name,) in cursor.fetchall()}
        if missing:
            raise BackupRefused(
                f"The backup gives rights to roles that are not here: {', '.join(sorted(missing))}."
                " Make them in this database server first (CREATE ROLE)."
            )
        if not replace and any(_row_counts(cursor).get(name) for name in manifest["tables"]):
            raise BackupRefused(
                "This database has content. --replace removes it and puts the backup in its place."
            )


def _restore_files(folder: Path) -> int:
    count = 0
    for file in listed_files(folder):
        count += 1
        source = path_of(folder, file)
        if file.area == "media":
            _restore_media(file, source)
        elif file.area == "models":
            target = settings.MODELS_DIR / file.name
            if not target.exists() or checksum(target) != file.sha256:
                target.parent.mkdir(parents=True, exist_ok=True)
                _replace(target, source)
    return count


def _restore_media(file: StoredFile, source: Path) -> None:
    if default_storage.exists(file.name):
        with default_storage.open(file.name) as held:
            if checksum_of(held) == file.sha256:
                return
        default_storage.delete(file.name)
    with source.open("rb") as content:
        stored = default_storage.save(file.name, content)
    if stored != file.name:
        raise BackupRefused(f"The storage keeps {file.name} under another name. Empty it first.")


def _replace(target: Path, source: Path, mode: int = 0o644) -> None:
    part = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, part)
    part.chmod(mode)
    part.replace(target)


def _restore_database(dump: Path) -> None:
    connections.close_all()
    with tempfile.TemporaryDirectory() as folder:
        # A script first: piped into psql, a dump that ends too early would be committed.
        before, script = Path(folder) / "before.sql", Path(folder) / "restore.sql"
        before.write_text(EMPTY_THE_SCHEMA)
        _run(["pg_restore", "--no-owner", "--schema=public", f"--file={script}", str(dump)])
        arguments = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        _run(
            ["psql", *arguments, f"--file={before}", f"--file={script}", f"--dbname={_conninfo()}"]
        )


def _restore_secret(folder: Path, manifest: dict) -> str:
    """Put the key back that signs and encrypts; say what a person has to do where that fails."""
    if manifest["secret_key"] == _fingerprint(settings.SECRET_KEY):
        return "same"
    held = folder / FILES / "secrets" / SECRET
    own = _secret_path()
    if held.exists() and own.exists() and own.read_text().strip() == settings.SECRET_KEY:
        _replace(own, held, 0o600)
        return "restored"
    return "differs: name the old key in GILNUN_OLD_SECRET_KEYS"


def _secret_path() -> Path:
    return settings.DATA_DIR / "secrets" / SECRET


def _fingerprint(key: str) -> str:
    return hashlib.sha256(f"fingerprint of {key}".encode()).hexdigest()[:16]


# programs


def _parameters() -> Mapping[str, object]:
    known = ("host", "port", "dbname", "user", "sslmode", "sslrootcert")
    given = connections[OWNER].get_connection_params()
    return {name: given[name] for name in known if given.get(name)}


def _conninfo() -> str:
    return make_conninfo(**_parameters())


def _run(command: list[str]) -> None:
    """Run a program of PostgreSQL on the owner's database. Raises BackupRefused."""
    password = connections[OWNER].get_connection_params().get("password") or ""
    result = subprocess.run(
        [str(program_path(None, command[0])), *command[1:]],
        # Not among the arguments, which every account of the machine can read.
        env={**os.environ, "PGPASSWORD": password, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if result.returncode:
        said = result.stderr.strip()[-1000:]
        raise BackupRefused(f"{command[0]} failed, and changed nothing: {said}")
