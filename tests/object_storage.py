"""An S3-compatible service to test with: moto's server, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from tests.running import ROOT, free_port, wait_until

BUCKET = "gilnun-media"
KEYS = {"access_key": "test", "secret_key": "test", "region_name": "us-east-1"}


@contextmanager
def object_storage() -> Iterator[str]:
    """Start the service with a bucket; yield its address."""
    port = free_port()
    script = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/moto-api/", timeout=2):
                return True
        except OSError:
            return False

    try:
        wait_until(answers, seconds=60, what="moto's server")
        client(address).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def client(address: str):
    return boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
        region_name=KEYS["region_name"],
    )
