"""pgvector's HNSW on clustered vectors: how often it finds what an exact search finds, how fast.

Vectors as landmarks make them: √0.35 of a class's centre and √0.65 noise, 40 to a class, 512
numbers of half precision, with the index that the portal uses. Exact neighbours come from numpy.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from bench.catalogue import database_server, empty_database
from bench.rows import Row

ROWS = 200_000
MANY_ROWS = 1_000_000
A_CLASS = 40
SIZE = 512
QUERIES = 300
FOUND = 10
CENTRE, NOISE = 0.35, 0.65
# As apps/recognition/models/reference_index.py has them.
NEIGHBOURS, EFFORT_OF_BUILDING = 16, 128
# What the portal asks with (portal/settings.py), between faster ones and a more thorough one.
EF_SEARCH = 200
CURVE = (40, 100, EF_SEARCH, 400)
BLOCK = 20_000
# What pgvector keeps of a vector while it builds: its numbers, its neighbours, and some more.
BYTES_A_VECTOR = 3_000
SHARED_MEMORY = Path("/dev/shm")
# A row of COPY's binary format: columns, then length and value of each; halfvec has two headers.
ROW_TYPE = np.dtype(
    [
        ("columns", ">i2"),
        ("id_bytes", ">i4"),
        ("id", ">i8"),
        ("vector_bytes", ">i4"),
        ("numbers", ">i2"),
        ("unused", ">i2"),
        ("vector", ">f2", (SIZE,)),
    ]
)
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"


class Point(NamedTuple):
    """Of the curve: recall@10, seconds of a query at the middle and at 95 %, and of processor."""

    recall: float
    p50: float
    p95: float
    processor: float


def run() -> list[Row]:
    return measure(ROWS, least_recall=0.97, most_milliseconds=15)


def run_large() -> list[Row]:
    return measure(MANY_ROWS, least_recall=0.95, most_milliseconds=40)


def measure(rows: int, *, least_recall: float, most_milliseconds: float) -> list[Row]:
    """Fill, build, and ask with several efforts."""
    with database() as (connection, url):
        centres = _unit(_noise(0, rows // A_CLASS))
        queries = _near(centres, np.arange(QUERIES) * 7919 % len(centres), seed=-1)
        started = time.monotonic()
        exact = _fill(connection, centres, rows, queries)
        filling = time.monotonic() - started
        workers = _prepare_building(connection, rows)
        seconds, processor = _build(connection, url)
        index_bytes, table_bytes = connection.execute(
            "SELECT pg_relation_size('vectors_nearest'), pg_table_size('vectors')"
        ).fetchone()
        _ask(connection, queries, exact, CURVE[-1])  # the index is in memory all day
        curve = {effort: _ask(connection, queries, exact, effort) for effort in CURVE}
    chosen = curve[EF_SEARCH]
    told = "; ".join(
        f"effort {effort}: {point.recall:.3f} in {1000 * point.p50:.1f} ms, "
        f"p95 {1000 * point.p95:.1f}, processor {1000 * point.processor:.1f}"
        for effort, point in curve.items()
    )
    return [
        Row(
            f"nearest of {rows:,} clustered vectors, recall@10",
            chosen.recall,
            "",
            f"≥ {least_recall}",
            chosen.recall >= least_recall,
            f"{QUERIES} queries; {told}",
        ),
        Row(
            "… one query, p95",
            1000 * chosen.p95,
            "ms",
            f"≤ {most_milliseconds}",
            1000 * chosen.p95 <= most_milliseconds,
            f"p50 {1000 * chosen.p50:.1f} ms, one client, effort {EF_SEARCH}",
        ),
        Row(
            "… building the index",
            seconds,
            "s",
            "",
            None,
            f"m = {NEIGHBOURS}, ef_construction = {EFFORT_OF_BUILDING}, {workers + 1} processes, "
            f"{processor:.0f} s of processor time; filling the table {filling:.0f} s",
        ),
        Row(
            "… size of the index",
            index_bytes / 2**20,
            "MB",
            "",
            None,
            f"table {table_bytes / 2**20:.0f} MB; while building it stays in memory, "
            f"{_memory(rows)} MB are allowed",
        ),
    ]


@contextmanager
def database() -> Iterator[tuple[psycopg.Connection, str]]:
    """An empty database of its own with the table to fill, and its URL."""
    with empty_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(connection)
        connection.execute(f"CREATE TABLE vectors (id bigint, embedding halfvec({SIZE}))")
        yield connection, url


def _fill(
    connection: psycopg.Connection, centres: np.ndarray, rows: int, queries: np.ndarray
) -> list[set[int]]:
    """Write all vectors; return the exact nearest ids of each query."""
    best = np.full((len(queries), FOUND), -np.inf, dtype=np.float32)
    ids = np.zeros((len(queries), FOUND), dtype=np.int64)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY vectors FROM STDIN WITH (FORMAT BINARY)") as copy,
    ):
        copy.write(COPY_HEADER)
        for start in range(0, rows, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, rows))
            block = _near(centres, numbers % len(centres), seed=start).astype(np.float16)
            copy.write(_copied(numbers, block))
            near = queries @ block.astype(np.float32).T
            candidates = np.argpartition(near, -FOUND, axis=1)[:, -FOUND:]
            together = np.concatenate([best, np.take_along_axis(near, candidates, axis=1)], axis=1)
            known = np.concatenate([ids, numbers[candidates]], axis=1)
            order = np.argsort(-together, axis=1)[:, :FOUND]
            best = np.take_along_axis(together, order, axis=1)
            ids = np.take_along_axis(known, order, axis=1)
            _tell(f"{numbers[-1] + 1:,} of {rows:,} vectors written")
        copy.write(COPY_END)
    return [set(row.tolist()) for row in ids]


def _copied(numbers: np.ndarray, vectors: np.ndarray) -> bytes:
    """Rows as COPY reads them: int64 [n] and float16 [n, SIZE]."""
    rows = np.empty(len(numbers), dtype=ROW_TYPE)
    rows["columns"] = 2
    rows["id_bytes"] = 8
    rows["id"] = numbers
    rows["vector_bytes"] = 4 + 2 * SIZE
    rows["numbers"] = SIZE
    rows["unused"] = 0
    rows["vector"] = vectors
    return rows.tobytes()


def _prepare_building(connection: psycopg.Connection, rows: int) -> int:
    """Give the build the memory its graph needs; return how many workers help.

    With workers the graph lies in shared memory, which containers often have 64 MB of.
    """
    workers = len(os.sched_getaffinity(0)) - 1
    if shutil.disk_usage(SHARED_MEMORY).free < _memory(rows) * 2**20:
        workers = 0
    connection.execute(f"SET maintenance_work_mem = '{_memory(rows)}MB'")
    connection.execute(f"SET max_parallel_maintenance_workers = {workers}")
    # By its size the table would get fewer.
    connection.execute(f"ALTER TABLE vectors SET (parallel_workers = {workers})")
    return workers


def _memory(rows: int) -> int:
    """MB in which the whole graph has room; without it the rest is built on disk."""
    return rows * BYTES_A_VECTOR // 2**20 + 64


def _build(connection: psycopg.Connection, url: str) -> tuple[float, float]:
    """Make the index, and tell how far it is; return seconds, and seconds of processor time."""
    busy = _processor_seconds(connection)
    ended = threading.Event()
    teller = threading.Thread(target=_tell_progress, args=(url, ended))
    started = time.monotonic()
    teller.start()
    try:
        connection.execute(
            "CREATE INDEX vectors_nearest ON vectors USING hnsw (embedding halfvec_cosine_ops)"
            f" WITH (m = {NEIGHBOURS}, ef_construction = {EFFORT_OF_BUILDING})"
        )
    finally:
        ended.set()
        teller.join()
    return time.monotonic() - started, _processor_seconds(connection) - busy


def _processor_seconds(connection: psycopg.Connection) -> float:
    """Of the server's process for this connection, and of all that have ended."""
    own = psutil.Process(connection.info.backend_pid).cpu_times()
    ended = database_server().cpu_times()
    return own.user + own.system + ended.children_user + ended.children_system


def _tell_progress(url: str, ended: threading.Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not ended.wait(15):
            seen = connection.execute(
                "SELECT phase, tuples_done FROM pg_stat_progress_create_index"
            ).fetchone()
            if seen:
                _tell(f"building, {seen[0]}: {seen[1]:,}")


def _ask(
    connection: psycopg.Connection, queries: np.ndarray, exact: list[set[int]], effort: int
) -> Point:
    connection.execute(f"SET hnsw.ef_search = {effort}")
    question = f"SELECT id FROM vectors ORDER BY embedding <=> %s LIMIT {FOUND}"
    busy = _processor_seconds(connection)
    seconds, found = [], 0
    for query, nearest in zip(queries, exact, strict=True):
        vector = HalfVector(query)
        started = time.perf_counter()
        answer = connection.execute(question, [vector]).fetchall()
        seconds.append(time.perf_counter() - started)
        found += len(nearest & {row[0] for row in answer})
    p50, p95 = np.percentile(seconds, [50, 95])
    processor = (_processor_seconds(connection) - busy) / len(queries)
    point = Point(found / (FOUND * len(queries)), float(p50), float(p95), processor)
    _tell(f"effort {effort}: recall {point.recall:.4f}, p95 {1000 * point.p95:.1f} ms")
    return point


def _near(centres: np.ndarray, classes: np.ndarray, *, seed: int) -> np.ndarray:
    """A vector near the centre of each class, unit length: float32 [n, SIZE]."""
    noise = _unit(_noise(seed + 1, len(classes)))
    return _unit(np.float32(CENTRE**0.5) * centres[classes] + np.float32(NOISE**0.5) * noise)


def _noise(seed: int, rows: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, SIZE), dtype=np.float32)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
