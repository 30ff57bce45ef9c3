"""The files of a shard set: in a folder, or on object storage.

A place is a folder, or `s3://BUCKET/PREFIX` on any S3-compatible service. The service's address
and keys are those that boto3 reads from the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY) or from its files. TensorFlow's own way to S3 is a package that exists for
no present version of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import boto3
import tensorflow as tf
from botocore.exceptions import BotoCoreError, ClientError

S3 = "s3://"
ATTEMPTS = 5
# A record is its length (8 bytes), a checksum of that (4), the data, and a checksum of it (4).
LENGTH = struct.Struct("<Q4x")
CHECKSUM_BYTES = 4
UNREADABLE = (OSError, BotoCoreError, ClientError, tf.errors.OpError)


def read(place: str, name: str) -> bytes:
    """Return what a file holds. Raises one of UNREADABLE."""
    if not _is_remote(place):
        return Path(place, name).read_bytes()
    bucket, key = _object(f"{place}/{name}")
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def names(place: str, beginning: str) -> list[str]:
    """Return the files of a place whose names begin so, whole, in the order of their names.

    Raises one of UNREADABLE.
    """
    if not _is_remote(place):
        return sorted(str(path) for path in Path(place).glob(f"{beginning}*"))
    bucket, prefix = _object(f"{place}/{beginning}")
    pages = (
        boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    )
    return sorted(
        f"{S3}{bucket}/{found['Key']}" for page in pages for found in page.get("Contents", [])
    )


def reader(place: str) -> Callable[[tf.Tensor], tf.data.Dataset]:
    """Return what makes of one file that `names` told its records, as strings."""
    return _streamed if _is_remote(place) else tf.data.TFRecordDataset


def _streamed(file: tf.Tensor) -> tf.data.Dataset:
    return tf.data.Dataset.from_generator(
        lambda url: records_of_object(url.decode()),
        output_signature=tf.TensorSpec((), tf.string),
        args=(file,),
    )


@contextmanager
def written(place: str) -> Iterator[Path]:
    """Yield a folder to write into; what it holds at the end lies in the place.

    On object storage classes.json comes last: a set without it is none.
    """
    if not _is_remote(place):
        Path(place).mkdir(parents=True, exist_ok=True)
        yield Path(place)
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)
        client = boto3.client("s3")
        files = sorted(Path(folder).iterdir(), key=lambda file: file.suffix == ".json")
        for file in files:
            bucket, key = _object(f"{place}/{file.name}")
            client.upload_file(str(file), bucket, key)


def records_of_object(url: str) -> Iterator[bytes]:
    """Yield the records of a file on object storage; one that breaks off is taken up again.

    Raises one of UNREADABLE after ATTEMPTS without a record.
    """
    bucket, key = _object(url)
    client = boto3.client("s3")
    size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    offset, failed = 0, 0
    while offset < size:
        try:
            body = client.get_object(Bucket=bucket, Key=key, Range=f"bytes={offset}-")["Body"]
            while offset < size:
                (length,) = LENGTH.unpack(_exactly(body, LENGTH.size))
                data = _exactly(body, length + CHECKSUM_BYTES)[:length]
                offset, failed = offset + LENGTH.size + length + CHECKSUM_BYTES, 0
                yield data
        except UNREADABLE:
            failed += 1
            if failed == ATTEMPTS:
                raise


def _exactly(body: BinaryIO, size: int) -> bytes:
    data = body.read(size)
    if len(data) != size:
        raise OSError(f"the object ends {size - len(data)} bytes early")
    return data


def _is_remote(place: str) -> bool:
    return place.startswith(S3)


def _object(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix(S3).partition("/")
    return bucket, key
