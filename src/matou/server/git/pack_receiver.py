"""The pack of a push as it comes: one `git index-pack` that checks every object, and a closer look at odd headers.

git's check stops at the first header that has a NUL in it or no end, whatever it is told to tolerate. Histories of long
ago have such commits. So a pack that is short enough is remembered as it comes, and where the check stopped at one of
these, it is taken again: stored without the check, its headers read by ourselves, then checked with those left out that
are odd and harmless.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Final

from matou.errors import Invalid
from matou.forge.forge import Forge
from matou.fs import syncfs_reports_errors
from matou.git.odb.incoming_pack import IncomingPack, index_command, index_settings
from matou.git.odb.odd_headers import FATAL_FAULTS, odd_objects
from matou.git.operations.fsck import HARMLESS, OLD_TOOLS
from matou.git.process.run import GitFailed
from matou.git.process.run_async import AsyncGitChild, start_git_async
from matou.git.process.sandbox import Limits
from matou.model.names import ObjectId
from matou.server.git.push_commands import PushCommands
from matou.server.git.push_report import PushReportStream
from matou.settings import MEBIBYTE

GIBIBYTE: Final = 1024 * MEBIBYTE
LARGEST_PUSH_BYTES: Final = 16 * GIBIBYTE
LARGEST_REMEMBERED_BYTES: Final = 16 * MEBIBYTE

LIMITS: Final = Limits(memory_bytes=2 * GIBIBYTE, cpu=timedelta(hours=1), file_size_bytes=LARGEST_PUSH_BYTES)

_MOST_NAMED: Final = 3
_SEPARATORS: Final = frozenset(" ,|=")
"""What git ends a path with, in the words after `--strict=`."""


class TooLargeForCloserLook(Invalid):
    """A pack with an odd header that is no longer at hand as a whole."""


class PackReceiver:
    """Takes one pack into its quarantine.

    Args:
        forge: says how strict its checks are.
        commands: what the push asks for.
        report: shown what git says.
        pack: where it goes.
        stop: told once git has all of it.
    """

    def __init__(
        self,
        forge: Forge,
        commands: PushCommands,
        report: PushReportStream,
        pack: IncomingPack,
        *,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._stop = stop
        self._is_strict = forge.checks_pushes_strictly
        self._commands = commands
        self._report = report
        self._pack = pack
        self._remembered: list[bytes] | None = []
        self._size_bytes = 0

    async def receive(self, beginning: bytes, chunks: AsyncIterator[bytes]) -> None:
        """Raises GitFailed, TooLargeForCloserLook: the pack is not taken. Raises OSError: the disk is full."""
        self._remember(beginning)
        try:
            await self._index(self._coming(beginning, chunks), self._checks(), hear=self._show)
        except GitFailed as failure:
            if self._is_strict or FATAL_FAULTS.search(failure.stderr) is None:
                raise
            async for chunk in chunks:
                self._remember(chunk)
            self._report.body_has_ended()
            await self._look_closer(failure)

    async def _look_closer(self, failure: GitFailed) -> None:
        if self._remembered is None:
            raise TooLargeForCloserLook(
                "an object's header is odd, and the push too large to look at it; push the history in parts,"
                " or have it imported (matou repo import)"
            ) from failure
        await self._index(_again(self._remembered), None)
        odd = await asyncio.to_thread(odd_objects, self._pack.git_dir, self._pack.folder)
        with tempfile.NamedTemporaryFile(prefix="matou-odd-headers-") as file:
            if not odd or not _SEPARATORS.isdisjoint(file.name):
                raise failure
            file.write("".join(f"{name}\n" for name in odd).encode())
            file.flush()
            await self._index(_again(self._remembered), [*self._checks(), f"skiplist={file.name}"])
        self._report.say(_report_of(odd))

    def _remember(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        if self._size_bytes > LARGEST_REMEMBERED_BYTES:
            self._remembered = None
        if self._remembered is not None:
            self._remembered.append(chunk)

    async def _coming(self, beginning: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        yield beginning
        async for chunk in chunks:
            self._remember(chunk)
            yield chunk

    def _checks(self) -> Sequence[str]:
        return [f"{name}=ignore" for name in (OLD_TOOLS if self._is_strict else HARMLESS)]

    def _show(self, output: bytes) -> None:
        self._report.say(output.replace(str(self._pack.git_dir.absolute()).encode(), b"repository"))

    async def _index(
        self, chunks: AsyncIterator[bytes], checks: Sequence[str] | None, *, hear: Callable[[bytes], None] | None = None
    ) -> None:
        child = start_git_async(
            index_command(
                checks=checks,
                largest_bytes=LARGEST_PUSH_BYTES,
                shows_progress=hear is not None and b"quiet" not in self._commands.capabilities,
            ),
            git_dir=self._pack.git_dir,
            settings=index_settings(syncs_files=not syncfs_reports_errors()),
            environment=self._pack.environment_cut_at(self._commands.shallow),
            hear=hear,
            limits=LIMITS,
        )
        async with child:
            ending = asyncio.ensure_future(self._stop_at_end(child))
            async for chunk in chunks:
                if child.is_over:
                    break
                await child.write(chunk)
            self._report.body_has_ended()
            await child.close_stdin()
            while await child.read():
                pass
            await child.finish()
            await ending

    async def _stop_at_end(self, child: AsyncGitChild) -> None:
        """Git sees where a pack ends; who sends it may wait for our answer without a word."""
        if await child.wait() == 0:
            self._stop()


async def _again(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def _report_of(odd: Sequence[ObjectId]) -> bytes:
    return f"Looked at odd headers, and kept them as they are: {', '.join(odd[:_MOST_NAMED])}\n".encode()
