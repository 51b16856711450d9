"""The one place that starts a program: every git child, in the jail of docs/decisions/git-jail.md."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Final, Self

from matou.git.process.communicate import ChildPipes
from matou.git.process.groups import GroupLeader
from matou.git.process.limits import (
    BLOCK_BYTES,
    TOOK_TOO_MUCH,
    BoundedText,
    GitFailed,
    GitOutOfMemory,
    GitStopped,
    UntrustedCertificate,
    command_line,
    failure_of,
    limit_process,
    limiting_itself,
    readable_stderr,
    subcommand,
)
from matou.git.process.run_async import AsyncGitChild, start_git_async
from matou.git.process.sandbox import (
    DEFAULT_LIMITS,
    NO_ACCESS,
    NO_ENVIRONMENT,
    GitAccess,
    GitNotFound,
    GitSetting,
    Limits,
    environment_of_child,
    http_environment,
    secrets_in,
)

__all__ = [
    "DEFAULT_LIMITS",
    "NO_ACCESS",
    "TOOK_TOO_MUCH",
    "AsyncGitChild",
    "CompletedGit",
    "GitAccess",
    "GitChild",
    "GitFailed",
    "GitNotFound",
    "GitOutOfMemory",
    "GitStopped",
    "Limits",
    "PipedChild",
    "UntrustedCertificate",
    "http_environment",
    "run_git",
    "run_git_captured",
    "start_child",
    "start_git_async",
]

_PIPE_BYTES: Final = 4096
"""What a pipe takes on every system before somebody reads it."""

Input = bytes | Iterable[bytes] | BinaryIO


def run_git(
    arguments: Sequence[str],
    *,
    git_dir: Path | None = None,
    input: Input | None = None,  # noqa: A002 - the word that subprocess has for it
    environment: Mapping[str, str] = NO_ENVIRONMENT,
    settings: Sequence[GitSetting] = (),
    limits: Limits = DEFAULT_LIMITS,
    stdout: BinaryIO | None = None,
) -> bytes:
    """Run git to its end and give what it wrote; nothing where that went to `stdout`, a file with a descriptor.

    Whatever `input` raises while it is read stops the child and is raised from here.

    Raises:
        GitFailed: it exited with anything but 0.
        OSError: the disk is full.
    """
    if stdout is None and (input is None or isinstance(input, bytes)):
        return run_git_captured(
            arguments,
            git_dir=git_dir,
            input=input,
            environment=environment,
            settings=settings,
            limits=limits,
        ).stdout
    with GitChild(
        arguments,
        git_dir=git_dir,
        environment=environment,
        settings=settings,
        limits=limits,
        stdout=stdout,
        has_input=input is not None,
    ) as child:
        if input is not None:
            child.feed(input)
        written = b"" if stdout is not None else child.stdout.read()
        child.finish()
    return written


@dataclass(frozen=True, slots=True)
class CompletedGit:
    """All that a git child wrote, and what it said on stderr: shortened, and without a secret."""

    stdout: bytes
    stderr: str


def run_git_captured(
    arguments: Sequence[str],
    *,
    git_dir: Path | None = None,
    input: bytes | None = None,  # noqa: A002 - see `run_git`
    environment: Mapping[str, str] = NO_ENVIRONMENT,
    settings: Sequence[GitSetting] = (),
    limits: Limits = DEFAULT_LIMITS,
    check: bool = True,
) -> CompletedGit:
    """As `run_git`, where what git says of a success counts too; without `check` what it says of a failure as well."""
    environment_of_it = environment_of_child(git_dir=git_dir, extra=environment, settings=settings, limits=limits)
    process = start_child(
        command_line(arguments, git_dir, limits, waits_for_input=input is not None),
        environment_of_it,
        limits,
        has_input=input is not None,
        stdout=subprocess.PIPE,
        kind=subcommand(arguments),
    )
    pipes = ChildPipes(process, input or b"", limits)
    stdout = pipes.communicate()
    stderr = readable_stderr(pipes.stderr.content, secrets_in(environment))
    if (check and process.returncode != 0) or pipes.timed_out:
        raise failure_of(
            subcommand(arguments),
            status=process.returncode,
            stderr=stderr,
            git_dir=git_dir,
            was_stopped=pipes.timed_out,
        )
    return CompletedGit(stdout, stderr)


def start_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    limits: Limits,
    *,
    has_input: bool,
    stdout: BinaryIO | int,
    kind: str,
) -> GroupLeader:
    """Start a program with a group of its own, within the limits, at the root folder; it is counted as its `kind`."""
    process = GroupLeader(
        command,
        kind=kind,
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment,
        cwd="/",
        preexec_fn=limiting_itself(limits, waits_for_input=has_input),
    )
    if has_input:
        limit_process(process.pid, limits)
    return process


class PipedChild:
    """A child whose output is read while it runs; leaving the `with` block kills it and all its children.

    Its stderr is drained and its time is watched by a thread of its own. `stdin` and `stdout` are plain pipes:
    whoever writes and reads both from one thread uses `feed`, or knows that it says nothing before it read all.
    """

    def __init__(self, process: GroupLeader, command: str, limits: Limits, secrets: Sequence[str] = ()) -> None:
        self.command = command
        self._process = process
        self._secrets = secrets
        self._watch = _Watch(process, limits)
        self._feeder: _Feeder | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdin(self) -> IO[bytes]:
        return _there(self._process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        return _there(self._process.stdout)

    def feed(self, content: Input, *, ends: bool = True) -> None:
        """Hand over its input, all of it if it `ends`; what does not fit into a pipe at once is fed by a thread."""
        if isinstance(content, bytes) and len(content) <= _PIPE_BYTES:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.write(content)
                self.stdin.flush()
                if ends:
                    self.stdin.close()
            return
        self._feeder = _Feeder(self.stdin, blocks_of(content), give_up=self.kill, ends=ends)

    @property
    def stderr_text(self) -> str:
        """What it has said so far; all of it once it has finished."""
        return readable_stderr(self._watch.said, self._secrets)

    def kill(self) -> None:
        """Kill it and every process that it started; nothing once its end was waited for."""
        self._process.kill_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._close_pipes()
        self._process.wait()
        self._watch.finish()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class GitChild(PipedChild):
    """A git child: see `PipedChild`."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        git_dir: Path | None = None,
        environment: Mapping[str, str] = NO_ENVIRONMENT,
        settings: Sequence[GitSetting] = (),
        limits: Limits = DEFAULT_LIMITS,
        stdout: BinaryIO | None = None,
        has_input: bool = False,
    ) -> None:
        self._git_dir = git_dir
        process = start_child(
            command_line(arguments, git_dir, limits, waits_for_input=has_input),
            environment_of_child(git_dir=git_dir, extra=environment, settings=settings, limits=limits),
            limits,
            has_input=has_input,
            stdout=subprocess.PIPE if stdout is None else stdout,
            kind=subcommand(arguments),
        )
        super().__init__(process, subcommand(arguments), limits, secrets_in(environment))

    def write(self, content: bytes) -> None:
        """Raises GitFailed where git went away before it read this."""
        try:
            self.stdin.write(content)
        except BrokenPipeError:
            self._raise_early_end()

    def end_input(self) -> None:
        """Say that nothing more comes. Raises GitFailed where git went away before it had read everything."""
        try:
            self.stdin.close()
        except BrokenPipeError:
            self._raise_early_end()

    def finish(self) -> None:
        """Wait for its end; to be called when its output was read to the end.

        Raises:
            GitFailed: it exited with anything but 0.
            OSError: the disk is full.
        """
        if self._feeder is not None:
            self._feeder.finish()
        self._close_pipes()
        status = self._process.wait()
        self._watch.finish()
        if status != 0:
            raise failure_of(
                self.command,
                status=status,
                stderr=self.stderr_text,
                git_dir=self._git_dir,
                was_stopped=self._watch.has_stopped_it,
            )

    def _raise_early_end(self) -> None:
        self.finish()
        raise GitFailed("git {command} did not read its input", command=self.command, status=0, stderr=self.stderr_text)


class _Watch:
    """A thread that drains stderr, and kills the child when its time is over."""

    def __init__(self, process: GroupLeader, limits: Limits) -> None:
        self._process = process
        self._deadline = None if limits.wall is None else time.monotonic() + limits.wall.total_seconds()
        self._ended = threading.Event()
        self._stderr = BoundedText()
        self.has_stopped_it = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def said(self) -> bytes:
        return self._stderr.content

    def finish(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        stderr = _there(self._process.stderr)
        with stderr:
            self._drain(stderr.fileno())
        if not self._ended.wait(self._seconds_left()):
            self._stop()

    def _drain(self, descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not self.has_stopped_it:
            seconds = self._seconds_left()
            if not poll.poll(None if seconds is None else seconds * 1000):
                self._stop()
            elif not self._stderr.add(os.read(descriptor, BLOCK_BYTES)):
                return

    def _seconds_left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _stop(self) -> None:
        self.has_stopped_it = True
        self._process.kill_group()


class _Feeder:
    """A thread that writes a child's input; what the input raised is raised again by `finish`."""

    def __init__(
        self, stdin: IO[bytes], blocks: Iterable[bytes], *, give_up: Callable[[], None], ends: bool = True
    ) -> None:
        self._stdin = stdin
        self._blocks = blocks
        self._give_up = give_up
        self._ends = ends
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with contextlib.suppress(BrokenPipeError), self._stdin if self._ends else contextlib.nullcontext():
                for block in self._blocks:
                    self._stdin.write(block)
                self._stdin.flush()
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits
            self._error = error
            self._give_up()


def blocks_of(content: Input) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif hasattr(content, "read"):
        while block := content.read(BLOCK_BYTES):
            yield block
    else:
        yield from content


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        message = "this pipe was not asked for"
        raise ValueError(message)
    return pipe
