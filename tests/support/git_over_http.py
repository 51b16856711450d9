"""A bare repository served over HTTP by `git upload-pack`, for fakes of platforms whose git is asked as well."""

import gzip
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICE = "git-upload-pack"


@dataclass(frozen=True)
class GitAnswer:
    content_type: str
    body: bytes


def advertised(repository: Path, headers: Mapping[str, str]) -> GitAnswer:
    """What `GET info/refs?service=git-upload-pack` is answered."""
    line = f"# service={SERVICE}\n"
    head = b"" if "version=2" in headers.get("git-protocol", "") else f"{len(line) + 4:04x}{line}0000".encode()
    refs = _upload_pack(repository, headers, b"", "--http-backend-info-refs")
    return GitAnswer(f"application/x-{SERVICE}-advertisement", head + refs)


def uploaded(repository: Path, headers: Mapping[str, str], body: bytes) -> GitAnswer:
    """What `POST git-upload-pack` is answered."""
    plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    return GitAnswer(f"application/x-{SERVICE}-result", _upload_pack(repository, headers, plain))


def _upload_pack(repository: Path, headers: Mapping[str, str], body: bytes, *options: str) -> bytes:
    command = ["git", "upload-pack", "--stateless-rpc", *options, str(repository)]
    protocol = {"GIT_PROTOCOL": headers["git-protocol"]} if "git-protocol" in headers else {}
    # It ends with an error where it was asked for what is not there, and has told the client so by then.
    return subprocess.run(command, input=body, capture_output=True, env={**os.environ, **protocol}).stdout
