"""A clone that was made once is sent again without git, for as long as no ref moves."""

import shutil
import subprocess
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from matou.db.repositories import Repository
from support.git_repositories import commit_file, git, make_source, refs_of
from support.matou_server import MatouServer

SHAPES = pytest.mark.parametrize("options", [(), ("--mirror",), ("--depth=1",)], ids=["whole", "mirror", "shallow"])


@pytest.fixture
def pushed(matou_server: MatouServer, tmp_path: Path) -> tuple[Repository, Path]:
    """Of two packs, so that none answers a clone as it lies there."""
    repository = matou_server.repository()
    source = make_source(tmp_path / "source.git", commits=20)
    url = matou_server.clone_url(repository, matou_server.credential())
    git(source, "push", "--quiet", "--mirror", url)
    commit_file(source, "main", "second", b"a second pack")
    git(source, "push", "--quiet", url, "main")
    return repository, source


def clone(server: MatouServer, repository: Repository, into: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    url = server.clone_url(repository, server.credential())
    words = ["git", "clone", "--quiet", "--bare", *options, url, str(into)]
    return subprocess.run(words, capture_output=True, text=True)


@SHAPES
def test_a_clone_again_needs_no_git_and_one_after_a_push_does(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, options: tuple[str, ...]
) -> None:
    repository, source = pushed
    objects = matou_server.git_dir(repository) / "objects"
    assert clone(matou_server, repository, tmp_path / "first", *options).returncode == 0

    objects.rename(objects.with_name("away"))
    again = clone(matou_server, repository, tmp_path / "again", *options)
    objects.with_name("away").rename(objects)

    assert again.returncode == 0, again.stderr
    assert refs_of(tmp_path / "again") == refs_of(tmp_path / "first")
    git(tmp_path / "again", "fsck", "--strict", "--full")
    commit_file(source, "main", "third", b"new")
    git(source, "push", "--quiet", matou_server.clone_url(repository, matou_server.credential()), "main")
    assert clone(matou_server, repository, tmp_path / "after", *options).returncode == 0
    assert git(tmp_path / "after", "rev-parse", "main") == git(source, "rev-parse", "main")


def test_clones_at_once_are_all_whole(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, source = pushed

    with ThreadPoolExecutor(6) as pool:
        clones = list(pool.map(lambda n: clone(matou_server, repository, tmp_path / f"c{n}", "--mirror"), range(6)))

    assert [made.returncode for made in clones] == [0] * 6
    for number in range(6):
        assert refs_of(tmp_path / f"c{number}") == refs_of(source)
        git(tmp_path / f"c{number}", "fsck", "--strict", "--full")


def test_what_is_kept_is_for_those_who_may_read(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, source = pushed
    assert clone(matou_server, repository, tmp_path / "first", "--mirror").returncode == 0
    basic = b64encode(f"x:{matou_server.token(matou_server.user()).reveal()}".encode()).decode()
    tips = sorted(set(refs_of(source).values()))
    wants = b"".join(b"0032want %b\n" % oid.encode() for oid in tips)
    body = b"0012command=fetch\n" + b"0001" + b"000eofs-delta\n" + wants + b"0009done\n" + b"0000"
    url = f"{matou_server.url}/{repository.path}.git/git-upload-pack"
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}

    nobody = httpx.post(url, content=body, headers=headers)
    stranger = httpx.post(url, content=body, headers=headers | {"Authorization": f"Basic {basic}"})

    assert (nobody.status_code, stranger.status_code) == (401, 404)
    assert b"PACK" not in nobody.content + stranger.content


def test_a_kept_ref_is_in_no_clone_that_is_kept(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, _ = pushed
    git_dir = matou_server.git_dir(repository)
    secret = git(git_dir, "commit-tree", "main^{tree}", "-m", "force-pushed away")
    git(git_dir, "update-ref", "refs/matou/kept/000001/heads/main", secret)

    for name in ("first", "again"):
        assert clone(matou_server, repository, tmp_path / name, "--mirror").returncode == 0
        known = subprocess.run(["git", f"--git-dir={tmp_path / name}", "cat-file", "-e", secret], capture_output=True)
        assert known.returncode != 0


def test_a_repository_that_is_made_again_under_the_same_name_is_another(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, source = pushed
    assert clone(matou_server, repository, tmp_path / "first").returncode == 0
    git_dir = matou_server.git_dir(repository)
    shutil.rmtree(git_dir / "refs/heads")
    (git_dir / "refs/heads").mkdir()
    (git_dir / "packed-refs").unlink(missing_ok=True)
    git(git_dir, "update-ref", "refs/heads/main", git(source, "rev-parse", "main~3"))

    assert clone(matou_server, repository, tmp_path / "again").returncode == 0

    assert git(tmp_path / "again", "rev-parse", "main") == git(source, "rev-parse", "main~3")
    git(tmp_path / "again", "fsck", "--strict", "--full")
