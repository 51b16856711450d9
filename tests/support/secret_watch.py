"""Looks for secrets where anybody might: in files, in what a program says, and in what others see of a process."""

import os
import re
import stat
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import zstandard

from support.processes import descendants

GIT_USERS = ("oauth2", "coding", "x", "git")
"""Names that stand beside a token in Basic."""


def forms_of(secret: str, *users: str) -> tuple[str, ...]:
    """The secret as it is, in a URL, and in base64: alone, and beside a user's name."""
    pairs = (f"{user}:{secret}" for user in (*users, *GIT_USERS))
    encoded = (b64encode(text.encode()).decode() for text in (secret, *pairs))
    return tuple(dict.fromkeys((secret, quote(secret, safe=""), *encoded)))


def files_with(folders: Iterable[Path], forms: Iterable[str]) -> list[Path]:
    """Those that hold one of these texts; what is compressed is looked into."""
    wanted = re.compile(b"|".join(re.escape(form.encode()) for form in forms))
    return [path for path in _files(folders) if wanted.search(_content(path))]


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        found = [folder] if folder.is_file() else folder.rglob("*")
        yield from (path for path in found if path.is_file() and not path.is_symlink())


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".zst":
        return content
    return zstandard.ZstdDecompressor().decompressobj().decompress(content)


class SecretWatch(threading.Thread):
    """Reads the arguments of every process below this one, as any user of the machine may, and notes the telling ones.

    What lives for a moment only may be missed: see `watched_git` for git's.
    """

    def __init__(self, *texts: str) -> None:
        super().__init__(daemon=True)
        self.texts = texts
        self.seen: set[str] = set()
        self.looks = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.005):
            for arguments in descendants(os.getpid()).values():
                if any(text in arguments for text in self.texts):
                    self.seen.add(arguments)
            self.looks += 1

    def stop(self) -> set[str]:
        self.ended.set()
        self.join()
        return self.seen


def watched_git(folder: Path, git: str) -> Path:
    """A folder for PATH, with a git that notes the arguments and environment of each start and then is the real one.

    They stand in `arguments` and `environment` of the folder.
    """
    folder.mkdir()
    program = folder / "git"
    program.write_text(
        "#!/bin/sh\n"
        f'cat /proc/$$/cmdline >>"{folder}/arguments"\n'
        f'cat /proc/$$/environ >>"{folder}/environment"\n'
        f'exec {git} "$@"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder
