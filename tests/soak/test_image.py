"""The image itself, where one was built: tests reach no registry and no index, so building it is not theirs.

A base without a registry, and the image on it (as root, on Debian, with buildah and mmdebstrap):

    mmdebstrap --variant=minbase --include=python3-venv,python3-pip,python-is-python3,ca-certificates bookworm base.tar
    base=$(buildah from scratch) && buildah add "$base" base.tar / && buildah commit "$base" localhost/python-base
    buildah build --isolation chroot --pull-never --format docker --file deploy/Containerfile \\
      --build-arg PYTHON_IMAGE=localhost/python-base --tag localhost/matou .
    MATOU_TEST_IMAGE=localhost/matou pytest -m soak tests/soak/test_image.py
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matou.model.names import RefName
from support.git_repositories import git, make_repository, refs_of
from support.reverse_proxies import free_ports

IMAGE = "MATOU_TEST_IMAGE"

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(shutil.which("buildah") is None, reason="buildah is not installed"),
    pytest.mark.skipif(IMAGE not in os.environ, reason=f"{IMAGE} names no image"),
]


def buildah(*words: str) -> str:
    return subprocess.run(["buildah", *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def container() -> Iterator[str]:
    made = buildah("from", "--pull-never", os.environ[IMAGE])
    yield made
    buildah("rm", made)


def inside(container: str, *words: str) -> str:
    return buildah("run", "--isolation", "chroot", container, "--", *words)


def configuration() -> Any:
    return json.loads(buildah("inspect", "--type", "image", os.environ[IMAGE]))["Docker"]["config"]


def test_a_server_in_the_image_is_alive_by_its_own_check_and_serves_what_is_pushed(
    container: str, tmp_path: Path
) -> None:
    configured, port = configuration(), str(free_ports().plain)
    matou = ("matou", "--root", "/archive")
    check = [word.replace("8585", port) for word in configured["Healthcheck"]["Test"][1:]]
    inside(container, "matou", "user", "add", "li", *matou[1:], "--no-password")
    inside(container, "matou", "org", "create", "harbour", "--owner", "li", *matou[1:])
    small = make_repository(tmp_path / "small.git")
    buildah("copy", "--chown", "10001:10001", container, str(small), "/home/matou/small.git")
    inside(container, "matou", "repo", "import", "/home/matou/small.git", "harbour/ship", *matou[1:])
    token = inside(container, "matou", "token", "create", "--user", "li", "--name", "t", *matou[1:])
    assert inside(container, "id", "-u") == "10001"

    words = ["matou", "serve", "--root", "/archive", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    serve = ["buildah", "run", "--isolation", "chroot", container, "--", *words]
    url = f"http://li:{token}@127.0.0.1:{port}/harbour/ship.git"
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().strip() == f"http://127.0.0.1:{port}"
            inside(container, *check)
            git(small, "push", "--quiet", url, "main:refs/heads/more")
            git(None, "clone", "--quiet", "--bare", url, tmp_path / "clone.git")
        finally:
            # The engine passes no signal on: the server is ended where it runs.
            inside(container, "python", "-c", END)
            server.wait(timeout=60)

    main = refs_of(small)[RefName("refs/heads/main")]
    assert refs_of(tmp_path / "clone.git") == {RefName("refs/heads/main"): main, RefName("refs/heads/more"): main}


END = """
import os, pathlib, signal
for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = process.read_bytes().split(b"\\0")
    except OSError:
        continue
    if b"serve" in words and b"/archive" in words and process.stat().st_uid == os.getuid():
        os.kill(int(process.parent.name), signal.SIGTERM)
"""
