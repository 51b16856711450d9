"""Git children for the asynchronous edge: at the client's pace, and gone when the client is."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from matou.git.process.child_counts import begin_child
from matou.git.process.groups import is_unreaped, kill_group_of
from matou.git.process.limits import (
    BLOCK_BYTES,
    BoundedText,
    command_line,
    failure_of,
    limit_process,
    limiting_itself,
    readable_stderr,
    subcommand,
)
from matou.git.process.sandbox import (
    DEFAULT_LIMITS,
    NO_ENVIRONMENT,
    GitSetting,
    Limits,
    environment_of_child,
    secrets_in,
)

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter, Task, TimerHandle
    from asyncio.subprocess import Process

GRACE: Final = timedelta(seconds=2)
"""How long a child may take to see that its input has ended, and to take away what it had begun to write."""


def start_git_async(
    arguments: Sequence[str],
    *,
    git_dir: Path | None = None,
    stdin: IO[bytes] | None = None,
    environment: Mapping[str, str] = NO_ENVIRONMENT,
    settings: Sequence[GitSetting] = (),
    hear: Callable[[bytes], None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> "AsyncGitChild":
    """A git child that starts at `async with`, and whose whole process group has ended when that is left.

    Args:
        arguments: the command; paths among them are absolute, since a child's working directory is `/`.
        git_dir: the repository.
        stdin: a file that it reads from where that file stands; without one, what `write` is given.
        environment: what it gets beside the jail's own.
        settings: git settings that outrank the jail's and the repository's.
        hear: told what it says on stderr, as it says it; secrets are still in it.
        limits: what it may use.
    """
    return AsyncGitChild(
        subcommand(arguments),
        command_line(arguments, git_dir, limits, waits_for_input=stdin is None),
        git_dir=git_dir,
        stdin=stdin,
        environment=environment_of_child(git_dir=git_dir, extra=environment, settings=settings, limits=limits),
        secrets=secrets_in(environment),
        hear=hear,
        limits=limits,
    )


class AsyncGitChild:
    """A running git child. Nothing is read ahead beyond one block, so that a slow reader slows git down."""

    def __init__(
        self,
        command: str,
        words: Sequence[str],
        *,
        git_dir: Path | None,
        stdin: IO[bytes] | None,
        environment: Mapping[str, str],
        secrets: Sequence[str],
        hear: Callable[[bytes], None] | None,
        limits: Limits,
    ) -> None:
        self.command = command
        self._words = words
        self._git_dir = git_dir
        self._input = stdin
        self._environment = environment
        self._secrets = secrets
        self._hear = hear
        self._limits = limits
        self._stderr = BoundedText()
        self._was_stopped = False
        self._process: Process
        self._drain: Task[None]
        self._timer: TimerHandle | None = None

    async def __aenter__(self) -> Self:
        import asyncio

        self._process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE if self._input is None else self._input,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=BLOCK_BYTES,
            env=self._environment,
            cwd="/",
            start_new_session=True,
            preexec_fn=limiting_itself(self._limits, waits_for_input=self._input is None),
        )
        self._count_end = begin_child(self.command)
        if self._input is None and is_unreaped(self._process.pid):
            limit_process(self._process.pid, self._limits)
        self._drain = asyncio.create_task(self._drain_stderr())
        if self._limits.wall is not None:
            self._timer = asyncio.get_running_loop().call_later(self._limits.wall.total_seconds(), self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        import asyncio

        if self._timer is not None:
            self._timer.cancel()
        if self._process.returncode is None:
            grace = GRACE.total_seconds() if self._input is None else 0
            end = asyncio.get_running_loop().call_later(grace, self.kill_group)
            try:
                await self._ended()
            finally:
                end.cancel()
                self.kill_group()
        self._count_end(self._process.returncode or 0)
        await self._drain

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """It has ended, and reads nothing more."""
        return self._process.returncode is not None

    @property
    def stdin(self) -> "StreamWriter":
        if self._process.stdin is None:
            message = "this child reads a file"
            raise ValueError(message)
        return self._process.stdin

    @property
    def stdout(self) -> "StreamReader":
        if self._process.stdout is None:
            message = "this child's output is no pipe"
            raise ValueError(message)
        return self._process.stdout

    async def read(self, size: int = BLOCK_BYTES) -> bytes:
        """At most so many bytes; none at the end."""
        return await self.stdout.read(size)

    async def write(self, content: bytes) -> None:
        """Wait until git took most of it; what git no longer wants to read is dropped: `finish` tells why."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.stdin.write(content)
            await self.stdin.drain()

    async def close_stdin(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.stdin.close()
            await self.stdin.wait_closed()

    async def wait(self) -> int:
        """Its exit status; to be asked when its output was read to the end."""
        status = await self._process.wait()
        await self._drain
        return status

    async def finish(self) -> None:
        """Raises GitFailed where it exits with anything but 0, OSError where the disk is full."""
        status = await self.wait()
        if status != 0:
            raise failure_of(
                self.command,
                status=status,
                stderr=self.stderr_text,
                git_dir=self._git_dir,
                was_stopped=self._was_stopped,
            )

    @property
    def stderr_text(self) -> str:
        """What it has said so far, shortened and without a secret."""
        return readable_stderr(self._stderr.content, self._secrets)

    def kill_group(self) -> None:
        """Kill it and every process that it started; nothing where it has ended."""
        if self._process.returncode is None:
            kill_group_of(self._process.pid)

    async def _ended(self) -> None:
        """Wait for its end, throwing away what it still says: asyncio reports no end while a pipe is unread."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        while await self.stdout.read(BLOCK_BYTES):
            pass
        await self._process.wait()

    async def _drain_stderr(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and self._stderr.add(block := await stderr.read(BLOCK_BYTES)):
            if self._hear is not None:
                self._hear(block)

    def _stop(self) -> None:
        self._was_stopped = True
        self.kill_group()
