"""The settings and the database of the tests; loaded before anything reads the settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = Path(os.environ.get("GILNUN_TEST_DATA_DIR", ROOT / ".gilnun" / "test"))
# What an operator set for a portal must not reach the tests.
for _name in ("CELERY_BROKER_URL", "TF_SERVING_ADDRESS", "GILNUN_MEDIA", "PORT"):
    os.environ.pop(_name, None)
os.environ["GILNUN_DATA_DIR"] = str(TEST_DATA)

from portal.database_cluster import OWNER, DatabaseCluster  # noqa: E402

CLUSTER = DatabaseCluster(TEST_DATA, durable=False)
# Tests make databases and tables, so they are the owner.
os.environ["DATABASE_URL"] = CLUSTER.url(OWNER)

_database = CLUSTER.in_use()


def pytest_configure(config: pytest.Config) -> None:
    _database.__enter__()
    # WhiteNoise warns where nothing was collected; tests read the sources.
    (TEST_DATA / "static").mkdir(exist_ok=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    _database.__exit__(None, None, None)
