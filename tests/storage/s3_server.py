"""A real S3-compatible server for tests: it checks signatures, keeps objects as files, and may be killed."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder_tasks.bucket import Place

COMPATIBLE = 11


@dataclass
class S3Server:
    """``base``: its directory. Its keys are made up anew each time, so that a leak can be looked for."""

    base: Path
    access_key: str = field(default_factory=lambda: f"key{secrets.token_hex(8)}")
    secret_key: str = field(default_factory=lambda: f"secret{secrets.token_hex(16)}")
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Up and answering; on the same port as before after a :meth:`kill`."""
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        self.base.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "nanio", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data-dir", str(self.base / "data"), "--no-access-log"]
        keys = {"NANIO_ACCESS_KEY": self.access_key, "NANIO_SECRET_KEY": self.secret_key}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **keys}, stdout=log, stderr=log)
        until = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def log(self) -> Path:
        return self.base / "s3.log"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def place(self, bucket: str, **more: Any) -> Place:
        """The bucket as a reader would be told of it."""
        given = {"access_key": self.access_key, "secret_key": self.secret_key, "endpoint": self.endpoint}
        return Place(**{"vendor": COMPATIBLE, "region": 0, "bucket": bucket, **given, **more})

    def client(self) -> Any:
        """An S3 client of the test's own."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def put(self, bucket: str, objects: dict[str, str | bytes]) -> None:
        client = self.client()
        for name, content in objects.items():
            client.put_object(Bucket=bucket, Key=name, Body=content)

    def names(self, bucket: str) -> dict[str, int]:
        """What is in a bucket by the server's own word."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint, timeout=1).close()
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return True
        except OSError:
            return False
        return True
