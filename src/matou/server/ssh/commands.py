"""The command line that a git client sends by SSH: read strictly, and nothing is ever run by it. Pure.

https://git-scm.com/docs/git-shell says which there are; git quotes as a shell would read it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from matou.errors import Invalid, NotFound
from matou.server.git.lfs_tokens import LfsOperation
from matou.server.paths import GitTarget, Operation, git_target

LONGEST_COMMAND: Final = 8192

_WORD: Final = re.compile(r"(?:[\w@%+=:,./~^-]|'[^']*'|\\['!])+")
_PART: Final = re.compile(r"'([^']*)'|\\(['!])|([\w@%+=:,./~^-]+)")
"""Between quotes nothing means anything; outside, what no shell has a meaning for."""


class SshService(StrEnum):
    UPLOAD_PACK = "git-upload-pack"
    RECEIVE_PACK = "git-receive-pack"
    LFS_AUTHENTICATE = "git-lfs-authenticate"


_OPERATIONS: Final = {
    SshService.UPLOAD_PACK: Operation.UPLOAD_PACK,
    SshService.RECEIVE_PACK: Operation.RECEIVE_PACK,
    SshService.LFS_AUTHENTICATE: Operation.LFS_BATCH,
}


class UnknownCommand(Invalid):
    """A command that is none of git's, or has another form than git's."""


@dataclass(frozen=True, slots=True)
class SshCommand:
    """What a client wants of a repository; nothing of it was looked up. `lfs_operation`: what a link is for."""

    service: SshService
    target: GitTarget
    lfs_operation: LfsOperation | None = None


def read_command(line: str) -> SshCommand:
    """Read one.

    Raises:
        UnknownCommand: there is no such command, or not with these words.
        NotFound: what stands in the place of a repository's path cannot be one.
    """
    words = _words(line)
    if words[:1] == ["git"]:
        words = [f"git-{words[1]}", *words[2:]] if len(words) > 1 else []
    if not words or words[0] not in tuple(SshService):
        raise UnknownCommand("this server speaks git by SSH, and nothing else")
    service = SshService(words[0])
    if len(words) != (3 if service is SshService.LFS_AUTHENTICATE else 2):
        raise UnknownCommand("{command} takes a repository here, and nothing else", command=service.value)
    return SshCommand(service, _target(words[1], service), _lfs_operation(words[2]) if len(words) > 2 else None)


def _words(line: str) -> list[str]:
    if len(line) > LONGEST_COMMAND or not line.isprintable():
        raise UnknownCommand("this is no command of git's")
    pieces, position = [], 0
    while position < len(line):
        match = _WORD.match(line, position)
        if match is None or (match.end() < len(line) and line[match.end()] != " "):
            raise UnknownCommand("this is no command of git's")
        pieces.append(match[0])
        position = match.end() + 1
    return ["".join(a or b or c for a, b, c in _PART.findall(piece)) for piece in pieces]


def _target(path: str, service: SshService) -> GitTarget:
    """`/TEAM/REPO.git` of an address with `ssh://`, `TEAM/REPO.git` of one without."""
    target = git_target(path.removeprefix("/").removesuffix("/"), _OPERATIONS[service])
    if target is None:
        raise NotFound("there is no repository {path}", path=repr(path)[:200])
    return target


def _lfs_operation(word: str) -> LfsOperation:
    if word not in (LfsOperation.DOWNLOAD, LfsOperation.UPLOAD):
        raise UnknownCommand("git-lfs-authenticate is for download or upload")
    return LfsOperation(word)
