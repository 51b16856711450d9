"""Every git child is in the jail: nobody's configuration, no hook, no secret in sight, limits, no survivor."""

import os
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from matou.credentials import GitCredential, Secret
from matou.errors import TryLater
from matou.git.process.limits import LONGEST_STDERR_BYTES
from matou.git.process.run import (
    CompletedGit,
    GitAccess,
    GitChild,
    GitFailed,
    GitOutOfMemory,
    GitStopped,
    Limits,
    http_environment,
    run_git,
    run_git_captured,
)
from support.git_repositories import git, init_bare, make_repository

TOKEN = "tok3n-nobody-may-see"
URL = "http://127.0.0.1:9/team/project/ship.git"
CREDENTIAL = GitCredential("li.lei", Secret(TOKEN))
SLEEP = ["-c", "alias.nap=!sleep 60 & sleep 60", "nap"]
MEBIBYTE = 1024 * 1024


def members_of_group(pid: int) -> list[int]:
    """Processes of a group that are not only waiting to be buried."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def command_line_of(child: GitChild) -> bytes:
    """What everybody on this machine may read of a child, once it is git."""
    deadline = time.monotonic() + 5
    path = Path(f"/proc/{child.pid}/cmdline")
    while not path.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.01)
    return path.read_bytes()


def assert_group_ends(pid: int) -> None:
    """A killed process takes a moment to be gone."""
    deadline = time.monotonic() + 5
    while members_of_group(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert members_of_group(pid) == []


def test_a_command_gives_its_output() -> None:
    assert run_git(["version"]).startswith(b"git version ")


@pytest.mark.parametrize("size", [0, 10, 5_000, 3_000_000])
def test_input_of_any_length_reaches_git(size: int) -> None:
    content = b"x" * size

    assert run_git(["stripspace"], input=content).rstrip(b"\n") == content


def test_input_may_come_in_pieces_while_output_is_as_long(tmp_path: Path) -> None:
    pieces = [b"%d\n" % number for number in range(200_000)]
    path = tmp_path / "pieces"
    path.write_bytes(b"".join(pieces))

    assert run_git(["stripspace"], input=iter(pieces)) == path.read_bytes()
    with path.open("rb") as file:
        assert run_git(["stripspace"], input=file) == path.read_bytes()


def test_output_may_go_to_a_file(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        assert run_git(["version"], stdout=file) == b""

    assert (tmp_path / "out").read_bytes().startswith(b"git version")


def test_what_the_input_raises_stops_git_and_is_raised() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise TryLater("the source broke off")

    with pytest.raises(TryLater, match="broke off"):
        run_git(["hash-object", "--stdin"], input=broken())


def test_a_failure_says_the_command_the_place_the_status_and_git_s_words(tmp_path: Path) -> None:
    repository = init_bare(tmp_path / "r.git")

    with pytest.raises(GitFailed) as caught:
        run_git(["rev-parse", "--verify", "nothing"], git_dir=repository)

    assert caught.value.status == 128
    assert str(caught.value) == f"git rev-parse in {repository} exited 128: fatal: Needed a single revision"


def test_git_that_reads_no_input_is_a_failure_and_no_broken_pipe() -> None:
    with GitChild(["version", "--no-such-option"], has_input=True) as child, pytest.raises(GitFailed, match="exited"):
        child.write(b"x" * 10_000_000)


def test_neither_the_user_s_nor_the_environment_s_configuration_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = stray\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.name=stray'")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_TRACE", "1")

    with pytest.raises(GitFailed) as caught:
        run_git(["config", "--get", "user.name"])

    assert (caught.value.status, caught.value.stderr) == (1, "")


def test_a_repository_s_own_configuration_does_not_outrank_ours(tmp_path: Path) -> None:
    repository = init_bare(tmp_path / "r.git")
    for key, value in (
        ("core.fsync", "none"),
        ("core.hooksPath", "/evil"),
        ("gc.auto", "1"),
        ("protocol.allow", "always"),
    ):
        git(repository, "config", key, value)

    assert run_git(["config", "--get", "core.fsync"], git_dir=repository) == b"all\n"
    assert run_git(["config", "--get", "core.hooksPath"], git_dir=repository) == b"/dev/null\n"
    assert run_git(["config", "--get", "gc.auto"], git_dir=repository) == b"0\n"
    assert run_git(["config", "--get", "protocol.allow"], git_dir=repository) == b"never\n"


def test_hooks_and_programs_of_a_repository_that_somebody_handed_over_do_not_run(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", branches=["old"])
    canary = tmp_path / "canary"
    for hook in ("reference-transaction", "post-update", "pre-receive", "update"):
        path = repository / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {canary}\n")
        path.chmod(0o755)
    for key in ("core.fsmonitor", "core.sshCommand", "uploadpack.packObjectsHook", "core.pager", "diff.external"):
        git(repository, "config", key, f"touch {canary};")

    run_git(["update-ref", "-d", "refs/heads/old"], git_dir=repository)
    request = b"0032want " + git(repository, "rev-parse", "main").encode() + b"\n00000009done\n"
    run_git(["upload-pack", "--stateless-rpc", str(repository)], git_dir=repository, input=request)
    run_git(["gc", "--quiet"], git_dir=repository)

    assert not canary.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_another_user_is_read_by_its_own_path_only(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git")
    for path in (repository, *repository.rglob("*")):
        os.chown(path, 12345, 12345)

    listed = run_git(["upload-pack", "--advertise-refs", str(repository)], git_dir=repository)

    assert b"refs/heads/main" in listed


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/canary", "file:///etc", "ssh://-oProxyCommand=x/y", "git://127.0.0.1/x"]
)
def test_no_protocol_but_http_is_ever_spoken(url: str) -> None:
    with pytest.raises(GitFailed, match="not allowed"):
        run_git(["ls-remote", "--end-of-options", url], environment=http_environment(GitAccess(), url))


def test_without_being_allowed_to_git_speaks_to_nobody() -> None:
    with pytest.raises(GitFailed, match="'http' not allowed"):
        run_git(["ls-remote", "--end-of-options", URL])


def test_a_credential_goes_to_its_url_only_and_into_no_argument() -> None:
    environment = http_environment(GitAccess(CREDENTIAL), URL)

    requests_seen = run_git(
        ["config", "--get-urlmatch", "http.extraHeader", f"{URL}/info/refs"], environment=environment
    )
    with GitChild(["stripspace"], environment=environment, has_input=True) as child:
        command_line = command_line_of(child)

    assert requests_seen.startswith(b"Authorization: Basic ")
    assert b"Basic" not in command_line
    with pytest.raises(GitFailed):
        run_git(["config", "--get-urlmatch", "http.extraHeader", "http://127.0.0.1:9/other"], environment=environment)


def test_no_error_text_shows_a_credential() -> None:
    environment = http_environment(GitAccess(CREDENTIAL), URL)
    header = next(value for key, value in environment.items() if key.startswith("GIT_CONFIG_VALUE"))
    basic = header.split()[-1]
    alias = f"!echo Authorization: Basic {basic} >&2; echo {basic} https://u:{TOKEN}@host/ >&2; false"

    with pytest.raises(GitFailed) as caught:
        run_git(["-c", f"alias.leak={alias}", "leak"], environment=environment)

    assert basic not in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert "https://…@host/" in caught.value.stderr


def test_what_git_says_is_cut_in_the_middle() -> None:
    alias = "!printf first >&2; head -c 5000000 /dev/zero | tr '\\0' x >&2; printf last >&2; false"

    with pytest.raises(GitFailed) as caught:
        run_git(["-c", f"alias.shout={alias}", "shout"])

    assert len(caught.value.stderr) < LONGEST_STDERR_BYTES + 100
    assert caught.value.stderr.startswith("first")
    assert caught.value.stderr.endswith("last")


def test_a_child_that_takes_too_long_is_ended_with_all_that_it_started() -> None:
    began = time.monotonic()

    with (
        GitChild(SLEEP, limits=Limits(wall=timedelta(seconds=0.3))) as child,
        pytest.raises(GitStopped, match="too long"),
    ):
        child.finish()

    assert time.monotonic() - began < 5
    assert_group_ends(child.pid)


NAPS = {
    "says nothing": "sleep 60",
    "has closed its pipes": "exec >&- 2>&- <&-; sleep 60",
    "is gone, and another holds its pipes": "sleep 60 & exit 0",
}


@pytest.mark.parametrize("nap", NAPS.values(), ids=NAPS.keys())
@pytest.mark.parametrize("content", [None, b"", b"x" * 1_000_000])
def test_a_command_that_takes_too_long_is_stopped(nap: str, content: bytes | None) -> None:
    began = time.monotonic()

    with pytest.raises(GitStopped, match="too long"):
        run_git(["-c", f"alias.nap=!{nap}", "nap"], input=content, limits=Limits(wall=timedelta(seconds=0.5)))

    assert time.monotonic() - began < 5


def test_what_git_says_of_a_success_is_heard_too() -> None:
    heard = run_git_captured(["-c", "alias.say=!echo out; echo err >&2", "say"])

    assert heard == CompletedGit(b"out\n", "err")


def test_git_that_reads_less_than_it_is_given_is_no_failure() -> None:
    assert run_git(["-c", "alias.first=!head -c 5", "first"], input=b"x" * 1_000_000) == b"xxxxx"


def test_leaving_the_block_ends_the_child_and_all_that_it_started() -> None:
    with GitChild(SLEEP) as child:
        while len(members_of_group(child.pid)) < 3:
            time.sleep(0.01)

    assert_group_ends(child.pid)


def test_leaving_the_block_ends_what_a_child_left_behind_that_has_ended_itself() -> None:
    with GitChild(["-c", "alias.leave=!sleep 60 >&- 2>&- &", "leave"]) as child:
        assert child.stdout.read() == b""
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert_group_ends(child.pid)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="macOS has no limit on address space")
def test_a_child_gets_no_more_memory_than_it_may(tmp_path: Path) -> None:
    repository = init_bare(tmp_path / "r.git")

    with pytest.raises(GitOutOfMemory, match="more memory"):
        run_git(
            ["-c", "core.bigFileThreshold=1g", "hash-object", "--stdin"],
            git_dir=repository,
            input=(bytes(MEBIBYTE) for _ in range(400)),
            limits=Limits(memory_bytes=200 * MEBIBYTE),
        )


def test_a_child_writes_no_longer_file_than_it_may(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "r.git", commits=20, file_bytes=100_000)

    with pytest.raises(GitFailed, match=r"ended by SIGXFSZ|File too large|died of signal 25"):
        run_git(["repack", "-adf"], git_dir=repository, limits=Limits(file_size_bytes=200_000))


def test_a_full_disk_is_no_failure_of_one_repository(tmp_path: Path) -> None:
    alias = "!echo fatal: write error: No space left on device >&2; exit 128"

    with pytest.raises(OSError, match="No space left"):
        run_git(["-c", f"alias.full={alias}", "full"])


def test_the_argument_list_stays_short(tmp_path: Path) -> None:
    with GitChild(["cat-file", "--batch"], git_dir=init_bare(tmp_path / "r.git"), has_input=True) as child:
        words = command_line_of(child).split(b"\0")

    assert re.fullmatch(rb".*git", words[0])
    assert words[1:] == [f"--git-dir={tmp_path}/r.git".encode(), b"cat-file", b"--batch", b""]


def test_a_child_that_ends_before_it_has_its_last_words_has_failed(tmp_path: Path) -> None:
    """A pack of a few bytes waits in our own buffer until the input ends; git may be gone by then."""
    git_dir = init_bare(tmp_path / "r.git")
    with GitChild(["index-pack", "--stdin"], git_dir=git_dir, has_input=True) as child:
        child.write(b"PACK")
        child.kill()
        assert_group_ends(child.pid)
        with pytest.raises(GitFailed):
            child.end_input()
