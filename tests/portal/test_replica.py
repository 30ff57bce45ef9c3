"""A second PostgreSQL that follows the first one: public pages read there while it is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from portal.database_cluster import APPLICATION, OWNER, SUPERUSER, DatabaseCluster
from portal.server_programs import call, system_account
from tests.environment import ROOT, TEST_DATA
from tests.running import Portal, free_port, http_status, wait_until

pytestmark = pytest.mark.slow
PAGE = "/landmarks/sungnyemun/"
READ = "SELECT address FROM catalogue_landmark WHERE slug = 'sungnyemun'"


@pytest.fixture(scope="module")
def source(running_portal) -> DatabaseCluster:
    return DatabaseCluster(running_portal.data_dir)


@pytest.fixture(scope="module")
def replica(source) -> Iterator[DatabaseCluster]:
    """Copy the portal's cluster while it runs, and let the copy follow it."""
    data_dir = TEST_DATA / "replica"
    shutil.rmtree(data_dir, ignore_errors=True)
    shutil.copytree(source.data_dir / "secrets", data_dir / "secrets")
    data_dir.chmod(0o711)
    copy, account = DatabaseCluster(data_dir, durable=False), system_account()
    copy.folder.mkdir(mode=0o700)
    if account:
        os.chown(copy.folder, account.pw_uid, account.pw_gid)
    options = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    told = f"--dbname={source.dsn(SUPERUSER, 'postgres')}"
    call(account, "pg_basebackup", f"--pgdata={copy.folder}", told, *options)
    (copy.folder / "postmaster.pid").unlink(missing_ok=True)
    copy.prepare()
    copy.start()
    yield copy
    copy.stop("immediate")
    shutil.rmtree(data_dir)


@pytest.fixture(scope="module")
def web(running_portal: Portal, replica) -> Iterator[str]:
    """Run one more web process of the portal, with a replica in its settings."""
    port = free_port()
    command = ["-m", "gunicorn", "portal.wsgi:application", f"--bind=127.0.0.1:{port}"]
    process = subprocess.Popen(
        [sys.executable, *command, "--worker-class=gthread", "--threads=2", "--log-level=warning"],
        cwd=ROOT,
        env=running_portal.environment | {"DATABASE_REPLICA_URL": replica.url(APPLICATION)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: http_status(f"{address}/healthz") == 200, seconds=60, what="web")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def changed_address(source: DatabaseCluster, text: str) -> Iterator[None]:
    """Give the landmark another address in the source while the block runs."""
    change = "UPDATE catalogue_landmark SET address = %s WHERE slug = 'sungnyemun'"
    with psycopg.connect(source.dsn(OWNER), autocommit=True) as connection:
        row = connection.execute(READ).fetchone()
        connection.execute(change, [text])
        try:
            yield
        finally:
            connection.execute(change, row)


def address_in(cluster: DatabaseCluster) -> str:
    with psycopg.connect(cluster.dsn(OWNER)) as connection:
        return connection.execute(READ).fetchone()[0]


def tell(cluster: DatabaseCluster, statement: str) -> None:
    with psycopg.connect(cluster.dsn(SUPERUSER), autocommit=True) as connection:
        connection.execute(statement)


def shows(address: str, text: str, **options) -> bool:
    answer = httpx.get(f"{address}{PAGE}", **options)
    assert answer.status_code == 200
    return text in answer.text


def test_visitors_read_the_replica_and_staff_the_source(web, source, replica):
    signed_in = {"cookies": {"sessionid": "of-somebody"}}
    tell(replica, "SELECT pg_wal_replay_pause()")
    try:
        with changed_address(source, "한 걸음 뒤의 길 1"):
            # What follows the source has been stopped: so it is the replica that answers.
            assert not shows(web, "한 걸음 뒤의 길 1")
            assert shows(web, "한 걸음 뒤의 길 1", **signed_in)
            assert not shows(web, "한 걸음 뒤의 길 1")
            tell(replica, "SELECT pg_wal_replay_resume()")
            wait_until(lambda: shows(web, "한 걸음 뒤의 길 1"), seconds=20, what="the replica")
    finally:
        tell(replica, "SELECT pg_wal_replay_resume()")


def test_the_source_answers_for_a_replica_that_went_and_is_relieved_again(web, source, replica):
    assert httpx.get(f"{web}{PAGE}").status_code == 200
    replica.stop("immediate")
    with changed_address(source, "홀로 남은 길 2"):
        assert shows(web, "홀로 남은 길 2")
        assert httpx.get(f"{web}/en/landmarks/").status_code == 200
        replica.start()
        wait_until(lambda: "홀로" in address_in(replica), seconds=20, what="the replica to follow")
        tell(replica, "SELECT pg_wal_replay_pause()")
    try:
        # The change is undone in the source, and the replica has not heard of that yet.
        wait_until(lambda: shows(web, "홀로 남은 길 2"), seconds=30, what="the replica again")
    finally:
        tell(replica, "SELECT pg_wal_replay_resume()")
