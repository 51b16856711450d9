"""An S3 server on this machine: moto's, or a real one that MATOU_TEST_VERSITYGW names the program of."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matou.storage.bucket_addresses import open_bucket, read_bucket_address
from matou.storage.buckets import BucketStore

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
BUCKET = "harbour"
VERSITYGW = "MATOU_TEST_VERSITYGW"


@dataclass(frozen=True)
class S3Server:
    """A server with a bucket."""

    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": "us-east-1"}

    def store(self, prefix: str, *, bucket: str = BUCKET, **options: str) -> BucketStore:
        address = read_bucket_address(f"s3://{bucket}/{prefix}", endpoint=self.url, **options)
        return open_bucket(address, environment=self.environment, authorities=None)


@contextmanager
def moto_server() -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        # Without a signature, which moto does not look at.
        urllib.request.urlopen(urllib.request.Request(f"{url}/{BUCKET}", data=b"", method="PUT")).close()
        yield S3Server(url)
    finally:
        server.stop()


@contextmanager
def any_server(folder: Path) -> Iterator[S3Server]:
    """A real one where its program is named."""
    program = os.environ.get(VERSITYGW)
    with versitygw_server(Path(program), folder) if program else moto_server() as server:
        yield server


@contextmanager
def versitygw_server(program: Path, folder: Path) -> Iterator[S3Server]:
    """It checks signatures, and keeps objects as files of a folder."""
    (folder / BUCKET).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
    command: list[str | Path] = [program, "--port", f"127.0.0.1:{port}", "posix", folder]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port("127.0.0.1", port)
            yield S3Server(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()


def wait_for_port(host: str, port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
