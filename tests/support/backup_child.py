"""A backup in a process of its own, that may be killed, or that kills itself at a chosen call of the system."""

import contextlib
import itertools
import os
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from matou.transfer.backup.metadata.walk import MetadataWalk
from support.scripted_metadata import ScriptedAccess, ScriptedForge
from support.scripted_source import ScriptedSource, back_up, open_archive

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["support.backup_child"])

CALLS = ("rename", "replace", "unlink", "fsync", "mkdir", "link", "rmdir")
"""What changes names or makes them last; a crash between two of these is a crash anywhere."""

LONGEST_RUN_SECONDS = 120


def start(source: Path, archive: Path, **how: Any) -> ForkServerProcess:
    """Begin a backup of a saved source; see `_run` for how."""
    process = CONTEXT.Process(target=_run, args=(source, archive), kwargs=how, daemon=True)
    process.start()
    return process


def kill_within(source: Path, archive: Path, seconds: float) -> None:
    """Begin a backup and kill it so long after it is under way."""
    ready = CONTEXT.Event()
    process = start(source, archive, ready=ready)
    ready.wait(LONGEST_RUN_SECONDS)
    process.join(seconds)
    process.kill()
    process.join(LONGEST_RUN_SECONDS)


def run(source: Path, archive: Path, **how: Any) -> int | None:
    process = start(source, archive, **how)
    process.join(LONGEST_RUN_SECONDS)
    return process.exitcode


def _run(
    source: Path,
    archive: Path,
    *,
    die_at: int | None = None,
    count_into: Path | None = None,
    largest_file: int | None = None,
    forge: Path | None = None,
    ready: Any = None,
    began: Any = None,
) -> None:
    """Run a backup.

    Args:
        source: the folder of a saved source.
        archive: the archive's root.
        die_at: the number of the system call at which to be killed.
        count_into: a file for the number of such calls.
        largest_file: RLIMIT_FSIZE.
        forge: what `ScriptedForge.save` wrote: what was said around the repository 100.
        ready: an event that is set when the backup is about to begin.
        began: one that is set when the first fetch begins.
    """
    calls = itertools.count(1)
    if die_at is not None or count_into is not None:
        for name in CALLS:
            setattr(os, name, _counted(getattr(os, name), calls, die_at))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    loaded = ScriptedSource.load(source)
    connections = None
    if began is not None:
        from support.scripted_source import ScriptedConnections

        connections = ScriptedConnections.to(loaded)
        connections.transport.before = lambda _, body: _say_so_and_linger(began) if b"command=fetch" in body else None
    opened = open_archive(archive)
    if ready is not None:
        ready.set()
    with contextlib.suppress(KeyboardInterrupt):
        back_up(loaded, opened, connections=connections, access=_access(forge))
        if count_into is not None:
            count_into.write_text(str(next(calls) - 1))
        return
    os._exit(130)


def _access(forge: Path | None) -> ScriptedAccess | None:
    """What comes is made durable after each item, so that every moment of that is met too."""
    if forge is None:
        return None
    keep = MetadataWalk.keep_draft_if_due

    def keep_each(walk: MetadataWalk) -> None:
        walk.kept_at = float("-inf")
        keep(walk)

    MetadataWalk.keep_draft_if_due = keep_each  # type: ignore[method-assign,assignment]
    return ScriptedAccess({"100": ScriptedForge.load(forge)})


def _say_so_and_linger(began: Any) -> None:
    """So that the run is still under way when whoever waited does something to it."""
    began.set()
    time.sleep(1)


def _counted(call: Callable[..., Any], calls: "itertools.count[int]", die_at: int | None) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        if next(calls) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)

    return counted
