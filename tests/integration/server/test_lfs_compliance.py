"""git-lfs's own test of servers, built from its source: `t/git-lfs-test-server-api` passes in every part."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.git_repositories import ENVIRONMENT
from support.matou_server import MatouServer

MODULE = "github.com/git-lfs/git-lfs/v3@v3.8.1"
TOOL = "./t/git-lfs-test-server-api"
PARTS = 7


def _go(*words: str, cwd: Path, timeout: float = 300) -> str:
    """Skips where there is no Go, or where it does not get what it needs."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    try:
        ended = subprocess.run(
            ["go", *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"go {words[0]} took too long")
    if ended.returncode != 0:
        pytest.skip(f"go {words[0]} failed: {ended.stderr[-300:]}")
    return ended.stdout


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its source comes as a Go module, and is built once: Go keeps what it has built."""
    folder = tmp_path_factory.mktemp("go")
    found = re.search(r'"Dir": "(.+)"', _go("mod", "download", "-json", MODULE, cwd=folder))
    assert found is not None
    # The module's folder is read-only, and its go.mod names the exact versions of all that it needs.
    _go("build", "-mod=readonly", "-o", str(folder / "tool"), TOOL, cwd=Path(found[1]))
    return folder / "tool"


@pytest.mark.timeout(600)
def test_every_part_of_git_lfs_own_test_of_servers_passes(
    tool: Path, matou_server: MatouServer, tmp_path: Path
) -> None:
    url = matou_server.clone_url(matou_server.repository(), matou_server.credential())
    environment = ENVIRONMENT | {"HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig")}

    ended = subprocess.run(
        [tool, f"--clone={url}"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(re.findall(r" OK$", ended.stdout, re.MULTILINE)) == PARTS
    assert "FAILED" not in ended.stdout
