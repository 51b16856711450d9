"""A machine that has no room for another process for a moment costs a server none of those that it has."""

import errno
import os
import select
import signal

import pytest

from matou.server.supervisor import Supervisor, Worker

NO_ROOM = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def work(worker: Worker) -> None:
    worker.tell_ready()
    select.select([worker.supervised], [], [])


def supervise(monkeypatch: pytest.MonkeyPatch, *, refused: int, after: int) -> int:
    """The exit code of a server of two, of which a worker dies when both serve; some of its forks are refused.

    In a process of its own: it takes over signals, and ends once all of its forks were made.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    forked: list[int] = []
    real, supervisor = os.fork, os.getpid()

    def fork() -> int:
        forked.append(0)
        if after < len(forked) <= after + refused:
            raise NO_ROOM
        forked[-1] = real()
        return forked[-1]

    def serve(worker: Worker) -> None:
        if len(forked) > 2:  # It took the place of the one that died.
            os.kill(supervisor, signal.SIGTERM)
        work(worker)

    monkeypatch.setattr(os, "fork", fork)
    code = 70
    try:
        Supervisor(serve, 2, on_ready=lambda: os.kill(forked[0], signal.SIGKILL)).run()
        code = 0
    except SystemExit as ending:
        code = int(ending.code or 0)
    finally:
        os._exit(code)


def test_a_worker_is_replaced_though_the_machine_had_no_room_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervise(monkeypatch, refused=1, after=2) == 0


def test_where_none_has_ever_served_the_server_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervise(monkeypatch, refused=1, after=0) == 1
