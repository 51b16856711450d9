"""The command lines that clients send by SSH: git's own forms, and nothing else."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.errors import MatouError, NotFound
from matou.model.names import RepositoryPath
from matou.server.git.lfs_tokens import LfsOperation
from matou.server.ssh.commands import SshService, UnknownCommand, read_command


@pytest.mark.parametrize(
    "line",
    [
        "git-upload-pack '/team/web/shop.git'",
        "git-upload-pack 'team/web/shop.git'",
        "git-upload-pack '/team/web/shop'",
        "git-upload-pack team/web/shop.git",
        "git upload-pack '/team/web/shop.git/'",
        r"git-upload-pack '/team/we'b'/shop.git'",
    ],
)
def test_the_forms_of_a_fetch_name_one_repository(line: str) -> None:
    command = read_command(line)

    assert (command.service, str(command.target.repository)) == (SshService.UPLOAD_PACK, "team/web/shop")


def test_a_push_and_a_link_of_lfs_are_told_apart() -> None:
    assert read_command("git-receive-pack '/team/码头.git'").service is SshService.RECEIVE_PACK
    assert read_command("git-receive-pack '/team/码头.git'").target.repository == RepositoryPath.parse("team/码头")
    link = read_command("git-lfs-authenticate 'team/shop.git' upload")
    assert (link.service, link.lfs_operation) == (SshService.LFS_AUTHENTICATE, LfsOperation.UPLOAD)
    assert read_command("git-upload-pack 'team/shop.wiki.git'").target.is_wiki


@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "git",
        "id",
        "sh -c id",
        "git-shell",
        "scp -t /",
        "rsync --server .",
        "git-upload-pack",
        "git-upload-pack --strict 'team/shop.git'",
        "git-upload-pack 'team/shop.git' 'team/other.git'",
        "git-upload-pack 'team/shop.git'; id",
        "git-upload-pack 'team/shop.git' && id",
        "git-upload-pack $(id)",
        "git-upload-pack `id`",
        "git-upload-pack \"team/shop.git\"",
        "git-upload-pack 'team/shop.git",
        "git-upload-pack team\\/shop.git",
        "git-upload-pack 'team/shop.git'\n",
        "git-upload-pack 'team/sh\nop.git'",
        "git-upload-pack 'team/sh\0op.git'",
        "git-upload-pack 'team/\x1b[31mshop.git'",
        "git-upload-archive 'team/shop.git'",
        "git-lfs-transfer team/shop.git download",
        "git-lfs-authenticate team/shop.git",
        "git-lfs-authenticate team/shop.git delete",
        "git-lfs-authenticate team/shop.git verify",
        "git-lfs-authenticate team/shop.git download extra",
        "GIT-UPLOAD-PACK 'team/shop.git'",
        "git-upload-pack 'team/shop.git' " + "x" * 9000,
    ],
    ids=range(30),
)  # fmt: skip
def test_what_is_none_of_gits_commands_is_refused(line: str) -> None:
    with pytest.raises(UnknownCommand):
        read_command(line)


@pytest.mark.parametrize(
    "path",
    [
        "shop.git",
        "/",
        "../../etc/passwd",
        "team/../../etc",
        "team//shop.git",
        "//team/shop.git",
        "/team/shop.git//",
        "-team/shop.git",
        "--upload-pack=touch /tmp/x",
        "team/.git",
        "team/a.git/b.git",
        "team/%2e%2e/x",
        "a/" * 3000 + "b",
    ],
    ids=range(13),
)
def test_what_cannot_be_a_repository_is_not_there(path: str) -> None:
    with pytest.raises((NotFound, UnknownCommand)):
        read_command(f"git-upload-pack '{path}'")


@given(st.text(max_size=60))
def test_whatever_comes_is_read_or_refused(line: str) -> None:
    for text in (line, f"git-upload-pack {line}", f"git-receive-pack {shlex.quote(line)}"):
        try:
            command = read_command(text)
        except MatouError:
            continue
        assert ".." not in command.target.repository.namespace.segments
