"""A bucket on loopback, for the time of a block: moto's server, which speaks S3 over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import httpx
from moto.server import ThreadedMotoServer

BUCKET, ACCESS_KEY, SECRET_KEY = "stock-files", "AKIDEXAMPLE", "correct horse"


@contextmanager
def s3_server() -> Iterator[tuple[int, Any]]:
    """The port, and a client of another make to look from the other side."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        httpx.post(
            f"http://127.0.0.1:{port}/moto-api/reset"
        ).raise_for_status()  # servers of a process share all they have
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        client.create_bucket(Bucket=BUCKET)
        yield port, client
    finally:
        server.stop()
