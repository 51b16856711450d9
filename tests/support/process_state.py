"""No test changes the process that runs it: what comes after it there would run otherwise than alone.

What a test borrows it gives back before it ends (`monkeypatch`, a context manager), or a process of its own changes.
"""

import locale
import os
import resource
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

_LIMITS = {name: number for name, number in vars(resource).items() if name.startswith("RLIMIT_")}
_OF_OTHERS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM}
"""The system's, and that of pytest-timeout."""
_SIGNALS = {number.name: number for number in signal.Signals if number not in _OF_OTHERS}
_IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
"""Which `subprocess` makes the default for each child."""
_STATE_BEFORE = pytest.StashKey[Mapping[str, Mapping[str, object]]]()


@dataclass(frozen=True)
class Aspect:
    """Something that a process has one of, and that all of its code and its children see.

    Args:
        write: sets what stands under one name; None is what is not there.
    """

    read: Callable[[], Mapping[str, object]]
    write: Callable[[str, object], object]


def _environment() -> dict[str, object]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _set_variable(name: str, value: object) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = str(value)


def _umask() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # asking by setting it would show another thread a wrong one
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("Umask")), 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


ASPECTS: Mapping[str, Aspect] = {
    "limit": Aspect(
        lambda: {name: resource.getrlimit(number) for name, number in _LIMITS.items()},
        lambda name, limit: resource.setrlimit(_LIMITS[name], limit),  # type: ignore[arg-type]  # as it was read
    ),
    "signal handler": Aspect(
        lambda: {name: signal.getsignal(number) for name, number in _SIGNALS.items()},
        lambda name, handler: signal.signal(_SIGNALS[name], handler),  # type: ignore[arg-type]  # as it was read
    ),
    "blocked signals": Aspect(
        lambda: {"": signal.pthread_sigmask(signal.SIG_BLOCK, ())},
        lambda _, blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),  # type: ignore[arg-type]  # as above
    ),
    "variable": Aspect(_environment, _set_variable),
    "working folder": Aspect(lambda: {"": Path.cwd()}, lambda _, folder: os.chdir(str(folder))),
    "umask": Aspect(lambda: {"": _umask()}, lambda _, mask: os.umask(int(str(mask)))),
    "locale": Aspect(
        lambda: {"": locale.setlocale(locale.LC_ALL)}, lambda _, name: locale.setlocale(locale.LC_ALL, str(name))
    ),
}


def process_state() -> Mapping[str, Mapping[str, object]]:
    return {what: aspect.read() for what, aspect in ASPECTS.items()}


def undo_changes(before: Mapping[str, Mapping[str, object]]) -> list[str]:
    """What is otherwise than `before`, each told in a line, and made as it was where that is possible."""
    answered_with = []
    for what, state in process_state().items():
        for name in sorted({*before[what], *state}):
            old, new = before[what].get(name), state.get(name)
            if old != new:
                answered_with.append(f"{what} {name}".rstrip() + f": {old!r} before, {new!r} after")
                with suppress(ValueError, OSError, TypeError):  # a hard limit, or a handler that is not Python's
                    ASPECTS[what].write(name, old)
    return answered_with


def end_ignoring() -> None:
    """Go on past what was ignored from the start, as a shell has it for what runs in the background.

    Children inherit what is ignored, and what a test sends them they must get; of a handler they inherit nothing.
    """
    for number in _SIGNALS.values():
        if signal.getsignal(number) is signal.SIG_IGN and number not in _IGNORED_BY_PYTHON:
            signal.signal(number, _go_on)


def _go_on(_signal: int, _frame: FrameType | None) -> None:
    pass


def pytest_configure() -> None:
    end_ignoring()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    item.stash[_STATE_BEFORE] = process_state()
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    try:
        return (yield)
    finally:
        changes = undo_changes(item.stash[_STATE_BEFORE])
        if changes:
            pytest.fail("this test changed the process that runs it: " + "; ".join(changes), pytrace=False)
