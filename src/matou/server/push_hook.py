"""Asks this server, from within a push, whether it may come in: git's one pre-receive hook, and two pipes.

The hook is `hooks/pre-receive`, a few lines of shell that get both pipes as open descriptors: no file, no name, no
second Python. Git and its hook hold the other ends, so that whoever dies is noticed by the others as an end of file:
without an answer the hook refuses, and without a question there is nothing to answer.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from matou.errors import Damaged
from matou.model.refs import RefChange
from matou.server.push_commands import read_change

HOOKS = Path(__file__).parent / "hooks"
LONGEST_LINE_BYTES = 256 * 1024
LARGEST_VERDICT_BYTES = 3 * 1024
"""Less than any pipe takes at once: a verdict is written without waiting for who reads it."""


class HookMissing(Damaged):
    """The hook of this installation cannot be run, and git would let everything through."""


@dataclass(frozen=True, slots=True)
class Question:
    """What git is about to do. `quarantine` is the folder of the new objects, None where there can be none."""

    changes: tuple[RefChange, ...]
    quarantine: Path | None


class PushHook:
    """The pipes of one push. Inside `with` they are open; `started` says that git has its own copies.

    Raises:
        HookMissing: on entering, where git would not run the hook.
    """

    def __enter__(self) -> Self:
        if not os.access(HOOKS / "pre-receive", os.X_OK):
            raise HookMissing("{path} cannot be run", path=HOOKS / "pre-receive")
        with ExitStack() as opened:
            self._read_question, self._write_question = _pipe(opened)
            self._read_verdict, self._write_verdict = _pipe(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def descriptors(self) -> Sequence[int]:
        return (self._write_question.descriptor, self._read_verdict.descriptor)

    @property
    def environment(self) -> Mapping[str, str]:
        # By path, since a shell can redirect to descriptors of one digit only.
        question, verdict = self.descriptors
        return {"MATOU_PUSH": f"/dev/fd/{question}", "MATOU_VERDICT": f"/dev/fd/{verdict}"}

    def started(self) -> None:
        """Close git's ends here, so that git's end is the end of the pipes."""
        self._write_question.close()
        self._read_verdict.close()

    async def question(self) -> Question | None:
        """Wait for the hook; None where git ended without having run it."""
        reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
        pipe = os.fdopen(self._read_question.taken(), "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            return await _read_question(reader)
        finally:
            transport.close()

    def accept(self) -> None:
        self._say(b"taken\n")

    def refuse(self, lines: Iterable[str]) -> None:
        """Have git refuse the whole push, and show these lines to who pushes; what is too much for a pipe is cut."""
        said = b"refused\n"
        for line in lines:
            encoded = line.encode("utf-8", "replace") + b"\n"
            if len(said) + len(encoded) > LARGEST_VERDICT_BYTES:
                said += "…\n".encode()
                break
            said += encoded
        self._say(said)

    def _say(self, said: bytes) -> None:
        try:
            os.write(self._write_verdict.descriptor, said)
        except BrokenPipeError:
            return  # the hook is gone, and the push with it
        finally:
            self._write_verdict.close()


class _End:
    """One end of a pipe, closed once."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._is_open = True

    def taken(self) -> int:
        """The descriptor, for somebody else to close."""
        self._is_open = False
        return self.descriptor

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self.descriptor)


def _pipe(opened: ExitStack) -> tuple[_End, _End]:
    ends = tuple(_End(descriptor) for descriptor in os.pipe())
    for end in ends:
        opened.callback(end.close)
    reading, writing = ends
    return reading, writing


async def _read_question(reader: asyncio.StreamReader) -> Question | None:
    quarantine = (await reader.readline()).rstrip(b"\n")
    changes: list[RefChange] = []
    while (line := await reader.readline()) != b"\n":
        if not line.endswith(b"\n"):
            return None
        changes.append(read_change(line.rstrip(b"\n")))
    return Question(tuple(changes), Path(os.fsdecode(quarantine)) if quarantine else None)
