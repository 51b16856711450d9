"""What people do with git, done by git itself against the running server."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from matou.db.repositories import Repository
from matou.forge.repositories.repository_lists import find_repository
from support.deciding import archive_repository
from support.git_repositories import ENVIRONMENT, git, make_repository, make_source
from support.matou_server import MatouServer

VERSIONS = pytest.mark.parametrize("version", ["0", "1", "2"])


def run_git(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    words = ["git", *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, env={**ENVIRONMENT, **environment}, capture_output=True, text=True)


def ok(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> str:
    answer = run_git(*arguments, cwd=cwd, **environment)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture
def pushed(matou_server: MatouServer, tmp_path: Path) -> tuple[Repository, Path]:
    """A repository on the server, and the one that it was pushed from."""
    source = make_source(tmp_path / "source.git", commits=20)
    repository = matou_server.repository()
    url = matou_server.clone_url(repository, matou_server.credential())
    ok("--git-dir", source, "push", "--quiet", "--mirror", url)
    # What the server promises must not hang on the repository's own settings.
    (matou_server.git_dir(repository) / "config").write_text("[core]\n\tbare = true\n")
    return repository, source


def refs(git_dir: Path) -> str:
    return git(git_dir, "for-each-ref", "--format=%(objectname) %(refname)")


@VERSIONS
def test_a_clone_is_what_was_pushed(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())

    ok("-c", f"protocol.version={version}", "clone", "--quiet", "--mirror", url, tmp_path / "clone.git")

    assert refs(tmp_path / "clone.git") == refs(source)
    git(tmp_path / "clone.git", "fsck", "--strict", "--full")


@VERSIONS
def test_refs_are_listed_as_git_lists_them(
    matou_server: MatouServer, pushed: tuple[Repository, Path], version: str
) -> None:
    repository, _ = pushed
    url = matou_server.clone_url(repository, matou_server.credential())

    listed = ok("-c", f"protocol.version={version}", "ls-remote", "--symref", url)

    assert listed == ok("ls-remote", "--symref", matou_server.git_dir(repository))
    assert ok("-c", f"protocol.version={version}", "ls-remote", url, "refs/tags/v1*").count("v1") == 4


@VERSIONS
@pytest.mark.parametrize(
    "options",
    [("--depth=3",), ("--filter=blob:none", "--bare"), ("--shallow-since=2023-11-14T22:13:25Z",), ("--single-branch",)],
    ids=" ".join,
)
def test_shallow_and_partial_clones(
    matou_server: MatouServer,
    pushed: tuple[Repository, Path],
    tmp_path: Path,
    version: str,
    options: tuple[str, ...],
) -> None:
    repository, _ = pushed
    url = matou_server.clone_url(repository, matou_server.credential())

    ok("-c", f"protocol.version={version}", "clone", "--quiet", *options, url, tmp_path / "clone")

    counted = ok("rev-list", "--objects", "--all", "--missing=print", cwd=tmp_path / "clone")
    assert ("?" in counted) == ("--filter=blob:none" in options)


@VERSIONS
def test_a_partial_clone_fetches_what_it_left_out(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    speaking, clone = ("-c", f"protocol.version={version}"), tmp_path / "clone"

    ok(*speaking, "clone", "--quiet", "--filter=tree:0", "--no-checkout", url, clone)
    ok(*speaking, "checkout", "--quiet", "main", cwd=clone)

    assert ok(*speaking, "ls-tree", "-r", "main", cwd=clone).strip() == git(source, "ls-tree", "-r", "main")
    assert ok(*speaking, "log", "--stat", "main~10", cwd=clone) == ok("--git-dir", source, "log", "--stat", "main~10")


@VERSIONS
@pytest.mark.parametrize("depth", [("--depth=1",), ()], ids=["shallow", "whole"])
def test_a_commit_is_fetched_by_its_id(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str, depth: tuple[str, ...]
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    old = git(source, "rev-parse", "main~7")
    ok("init", "--quiet", tmp_path / "new")

    ok("-c", f"protocol.version={version}", "fetch", "--quiet", *depth, url, old, cwd=tmp_path / "new")

    assert ok("rev-parse", "FETCH_HEAD", cwd=tmp_path / "new").strip() == old


@VERSIONS
def test_a_shallow_submodule_is_brought_at_its_commit(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    old, outer = git(source, "rev-parse", "main~7"), tmp_path / "outer"
    ok("init", "--quiet", outer)
    (outer / ".gitmodules").write_text(f'[submodule "inner"]\n\tpath = inner\n\turl = {url}\n')
    ok("add", ".gitmodules", cwd=outer)
    ok("update-index", "--add", "--cacheinfo", f"160000,{old},inner", cwd=outer)

    ok("-c", f"protocol.version={version}", "submodule", "update", "--init", "--quiet", "--depth=1", cwd=outer)

    assert ok("rev-parse", "HEAD", cwd=outer / "inner").strip() == old
    assert ok("rev-list", "--count", "HEAD", cwd=outer / "inner").strip() == "1"


@VERSIONS
def test_a_fetch_brings_what_is_new_and_negotiates_what_is_there(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    clone = tmp_path / "clone"
    ok("clone", "--quiet", url, clone)
    for number in range(60):
        ok("commit", "--quiet", "--allow-empty", "-m", f"mine {number}", cwd=clone)
    git(matou_server.git_dir(repository), "update-ref", "refs/heads/new", git(source, "rev-parse", "main~3"))

    ok("-c", f"protocol.version={version}", "fetch", "--quiet", "origin", cwd=clone)

    assert ok("rev-parse", "origin/new", cwd=clone).strip() == git(source, "rev-parse", "main~3")


@VERSIONS
def test_push_force_push_and_deletion(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path, version: str
) -> None:
    repository, _ = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    clone, push = tmp_path / "clone", ("-c", f"protocol.version={version}", "push", "--quiet")
    ok("clone", "--quiet", url, clone)
    ok("reset", "--quiet", "--hard", "HEAD~5", cwd=clone)
    ok("commit", "--quiet", "--allow-empty", "-m", "another", cwd=clone)

    refused = run_git(*push, "origin", "HEAD:main", cwd=clone)
    ok(*push, "--force", "origin", "HEAD:main", cwd=clone)
    ok(*push, "origin", ":release/1.0", cwd=clone)

    there = refs(matou_server.git_dir(repository))
    assert "rejected" in refused.stderr
    assert f"{ok('rev-parse', 'HEAD', cwd=clone).strip()} refs/heads/main" in there
    assert "refs/heads/release/1.0" not in there


def test_an_atomic_push_changes_all_or_nothing(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, source = pushed
    before = refs(matou_server.git_dir(repository))
    url = matou_server.clone_url(repository, matou_server.credential())

    answer = run_git("--git-dir", source, "push", "--atomic", url, "main~1:main", "main:refs/heads/fresh")

    assert answer.returncode != 0
    assert refs(matou_server.git_dir(repository)) == before


def test_a_large_push_goes_in_chunks_after_a_probe(matou_server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git", commits=4, file_bytes=500_000)
    repository = matou_server.repository()
    url = matou_server.clone_url(repository, matou_server.credential())

    answer = run_git("--git-dir", source, "-c", "http.postBuffer=65536", "push", "--mirror", url, GIT_TRACE_CURL="1")

    assert "Transfer-Encoding: chunked" in answer.stderr, answer.stderr
    assert refs(matou_server.git_dir(repository)) == refs(source)


def test_a_long_negotiation_comes_in_gzip(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    git(source, "update-ref", "-d", "refs/heads/main")
    make_repository(tmp_path / "clone.git", commits=100, branches=[f"b{number}" for number in range(40)])

    answer = run_git("--git-dir", tmp_path / "clone.git", "fetch", url, "main:fetched", GIT_TRACE_CURL="1")

    assert answer.returncode == 0, answer.stderr
    assert "Content-Encoding: gzip" in answer.stderr


@pytest.mark.parametrize("branch", ["trunk", "master", "开发"])
def test_head_follows_the_first_branch_that_is_pushed(matou_server: MatouServer, tmp_path: Path, branch: str) -> None:
    source = make_repository(tmp_path / "source.git", head=branch)
    repository = matou_server.repository()
    url = matou_server.clone_url(repository, matou_server.credential())

    ok("--git-dir", source, "push", "--quiet", url, branch)
    ok("clone", "--quiet", url, tmp_path / "clone")

    assert ok("symbolic-ref", "--short", "HEAD", cwd=tmp_path / "clone").strip() == branch
    assert find_repository(matou_server.forge, repository.path).default_branch == branch


def test_an_empty_repository_can_be_cloned(matou_server: MatouServer, tmp_path: Path) -> None:
    repository = matou_server.repository()

    ok("clone", "--quiet", matou_server.clone_url(repository, matou_server.credential()), tmp_path / "clone")

    assert refs(tmp_path / "clone" / ".git") == ""


def test_a_namespace_nests_and_its_name_may_be_chinese(matou_server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git")
    repository = matou_server.repository("团队/项目/深 处/码头")
    url = matou_server.clone_url(repository, matou_server.credential())

    ok("--git-dir", source, "push", "--quiet", "--mirror", url)

    assert refs(matou_server.git_dir(repository)) == refs(source)


def test_the_url_works_without_the_ending(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    repository, _ = pushed
    url = matou_server.clone_url(repository, matou_server.credential()).removesuffix(".git")

    ok("clone", "--quiet", url, tmp_path / "clone")


@VERSIONS
def test_kept_refs_are_neither_listed_nor_pushed_to(
    matou_server: MatouServer, pushed: tuple[Repository, Path], version: str
) -> None:
    repository, source = pushed
    hidden = "refs/matou/kept/000001/heads/main"
    git(matou_server.git_dir(repository), "update-ref", hidden, git(source, "rev-parse", "main~2"))
    url = matou_server.clone_url(repository, matou_server.credential())

    listed = ok("-c", f"protocol.version={version}", "ls-remote", url)
    pushed_to = run_git("--git-dir", source, "-c", f"protocol.version={version}", "push", url, f"+main:{hidden}")

    unknown = run_git("-c", f"protocol.version={version}", "fetch", "--server-option=new", url, hidden, cwd=source)

    assert "refs/matou" not in listed
    assert unknown.returncode != 0
    assert "deny updating a hidden ref" in pushed_to.stderr


def test_the_branch_that_head_names_cannot_be_deleted(
    matou_server: MatouServer, pushed: tuple[Repository, Path]
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())

    answer = run_git("--git-dir", source, "push", url, ":main")

    assert "deletion of the current branch prohibited" in answer.stderr
    assert "refs/heads/main" in refs(matou_server.git_dir(repository))


def test_push_options_are_taken_and_change_nothing(matou_server: MatouServer, pushed: tuple[Repository, Path]) -> None:
    """Whoever has set `push.pushOption` for another server could not push to this one at all."""
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())

    options = ("-o", "repo.private=false", "-o", "ci.skip", "-o", "")
    ok("--git-dir", source, "push", *options, url, "main:refs/heads/x")

    assert "refs/heads/x" in refs(matou_server.git_dir(repository))
    assert find_repository(matou_server.forge, repository.path).visibility == repository.visibility


@pytest.mark.parametrize("form", ["{token}", "{token}:x-oauth-basic", "x:{token}", "x-access-token:{token}"])
def test_a_token_alone_lets_in(matou_server: MatouServer, pushed: tuple[Repository, Path], form: str) -> None:
    repository, source = pushed
    who = form.format(token=matou_server.token().reveal())
    url = matou_server.clone_url(repository).replace("://", f"://{who}@")

    ok("--git-dir", source, "push", url, "main:refs/heads/by-token", GIT_ASKPASS="/bin/echo")

    assert "refs/heads/by-token" in refs(matou_server.git_dir(repository))


@pytest.mark.parametrize("service", ["git-upload-pack", "git-receive-pack"])
@pytest.mark.parametrize("version", ["", "version=1", "version=2"])
def test_head_answers_as_get_would(
    matou_server: MatouServer, pushed: tuple[Repository, Path], service: str, version: str
) -> None:
    repository, _ = pushed
    url = f"{matou_server.clone_url(repository)}/info/refs?service={service}"
    headers = {"Authorization": f"token {matou_server.token().reveal()}", "Git-Protocol": version}

    got, requests_seen = (httpx.request(method, url, headers=headers) for method in ("GET", "HEAD"))

    assert (requests_seen.status_code, requests_seen.content) == (200, b"")
    assert {name: requests_seen.headers[name] for name in ("content-type", "content-length", "cache-control")} == {
        name: got.headers[name] for name in ("content-type", "content-length", "cache-control")
    }


def test_version_2_of_a_push_is_answered_as_of_old(matou_server: MatouServer, pushed: tuple[Repository, Path]) -> None:
    repository, _ = pushed
    url = f"{matou_server.clone_url(repository)}/info/refs?service=git-receive-pack"
    headers = {"Authorization": f"token {matou_server.token().reveal()}"}

    plain, second = (httpx.get(url, headers=headers | more).content for more in ({}, {"Git-Protocol": "version=2"}))

    assert second == plain
    assert b"version 1" not in second


def test_whoever_pushes_to_an_archived_repository_reads_why_not(
    matou_server: MatouServer, pushed: tuple[Repository, Path]
) -> None:
    repository, source = pushed
    archive_repository(matou_server.forge, repository)
    url = matou_server.clone_url(repository, matou_server.credential())

    answer = run_git("--git-dir", source, "push", url, "main:refs/heads/x")

    assert answer.returncode != 0
    assert f"remote: '{repository.path}' is archived, and read-only" in answer.stderr


def test_an_object_that_fsck_refuses_is_refused_and_nothing_stays(matou_server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git")
    blob = git(source, "hash-object", "-w", "--stdin", input=b"x")
    tree = git(source, "mktree", input=f"100644 blob {blob}\t.git\n".encode())
    commit = git(source, "commit-tree", tree, "-m", "hostile")
    git(source, "update-ref", "refs/heads/hostile", commit)
    repository = matou_server.repository()

    answer = run_git(
        "--git-dir", source, "push", matou_server.clone_url(repository, matou_server.credential()), "hostile"
    )

    git_dir = matou_server.git_dir(repository)
    assert "hasDotgit" in answer.stderr
    assert [path for path in (git_dir / "objects").rglob("*") if path.is_file()] == []
    assert refs(git_dir) == ""


def test_old_histories_with_their_three_faults_are_taken(matou_server: MatouServer, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source.git")
    tree = git(source, "rev-parse", "main^{tree}")
    text = f"tree {tree}\nauthor A <a@b>1700000000 +051800\ncommitter A <a@b> 1700000000 +051800\n\nold\n"
    commit = git(source, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text.encode())
    git(source, "update-ref", "refs/heads/old", commit)
    repository = matou_server.repository()

    ok("--git-dir", source, "push", "--quiet", matou_server.clone_url(repository, matou_server.credential()), "old")

    assert commit in refs(matou_server.git_dir(repository))


def test_two_pushes_at_once_to_one_repository_both_arrive(
    matou_server: MatouServer, pushed: tuple[Repository, Path]
) -> None:
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    words = [
        ["git", "--git-dir", str(source), "push", "--quiet", url, f"main:refs/heads/at-once-{number}"]
        for number in range(4)
    ]

    pushes = [subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE) for command in words]
    ended = [push.communicate(timeout=60)[1] for push in pushes]

    assert [push.returncode for push in pushes] == [0] * 4, ended
    assert refs(matou_server.git_dir(repository)).count("at-once") == 4


def test_the_log_holds_no_credential(matou_server: MatouServer, pushed: tuple[Repository, Path]) -> None:
    credential = matou_server.credential()
    run_git("ls-remote", matou_server.clone_url(matou_server.repository(), credential))

    assert credential.password.reveal() not in matou_server.log.read_text()


def test_what_was_force_pushed_away_is_in_no_later_clone(
    matou_server: MatouServer, pushed: tuple[Repository, Path], tmp_path: Path
) -> None:
    """A clone is answered with the pack that lies there only for as long as that is all that it holds."""
    repository, source = pushed
    url = matou_server.clone_url(repository, matou_server.credential())
    for number in range(2):
        ok("clone", "--quiet", "--mirror", url, tmp_path / f"before-{number}.git")
    dropped = git(source, "rev-parse", "refs/heads/main")
    ok("--git-dir", source, "push", "--quiet", url, "+refs/heads/main~3:refs/heads/main")

    for number in range(2):
        ok(
            "clone",
            "--quiet",
            "--bare",
            "--single-branch",
            "--no-tags",
            "--branch=main",
            url,
            tmp_path / f"{number}.git",
        )

    assert git(tmp_path / "before-1.git", "cat-file", "-t", dropped) == "commit"
    for number in range(2):
        assert run_git("--git-dir", tmp_path / f"{number}.git", "cat-file", "-e", dropped).returncode != 0
        git(tmp_path / f"{number}.git", "fsck", "--strict", "--full")


def test_a_lock_that_a_killed_git_left_long_ago_stops_no_push(matou_server: MatouServer, tmp_path: Path) -> None:
    repository = matou_server.repository()
    source = make_repository(tmp_path / "source.git", commits=1)
    url = matou_server.clone_url(repository, matou_server.credential())
    lock = matou_server.git_dir(repository) / "refs" / "heads" / "main.lock"
    lock.touch()
    os.utime(lock, (1_700_000_000, 1_700_000_000))

    git(source, "push", "--quiet", url, "main")

    assert git(matou_server.git_dir(repository), "rev-parse", "main") == git(source, "rev-parse", "main")
