"""The server's log: lines on standard error, of which none that cannot be written changes an answer."""

import logging
import os
import sys
import threading
from enum import StrEnum
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

from matou.server.watch.requests import add_request_id

LOST: Final = "log_lines_lost"


class LogFormat(StrEnum):
    TEXT = "text"
    """For a person; only what is worth a line."""
    JSON = "json"
    """For a program: an object a line, and a line for each request too."""


_NOTICES: Final = {
    LogFormat.TEXT: "[warning  ] %s lines=%d\n",
    LogFormat.JSON: '{"level": "warning", "event": "%s", "lines": %d}\n',
}


class LogFile:
    """Writes each line with one call, past every buffer: what cannot be written now is not tried again with the next.

    A disk that is full, or a reader that has gone, loses lines; how many they were is the first line that can be
    written again.
    """

    def __init__(self, stream: TextIO | None, form: LogFormat = LogFormat.TEXT) -> None:
        # Python has none where the descriptor was closed; by now another file may have its number.
        self._descriptor = None if stream is None else stream.fileno()
        self._notice = _NOTICES[form]
        self._lost = 0
        self._is_torn = False
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        """The line, or nothing; never an error."""
        with self._lock:
            notice = "" if not self._lost else self._notice % (LOST, self._lost)
            if self._write(("\n" if self._is_torn else "") + notice + line + "\n"):
                self._lost = 0
            else:
                self._lost += 1

    log = debug = info = warn = warning = error = critical = fatal = exception = failure = msg

    def _write(self, text: str) -> bool:
        if self._descriptor is None:
            return False
        rest = text.encode("utf-8", "backslashreplace")
        try:
            while rest:
                written = os.write(self._descriptor, rest)
                self._is_torn = rest[written - 1 : written] != b"\n"
                rest = rest[written:]
        except OSError:
            return False
        return True


def log_to_stderr(form: LogFormat = LogFormat.TEXT) -> None:
    """Data goes to stdout; a log is not data. A traceback shows no local variables: one of them is a password."""
    file = LogFile(sys.stderr, form)

    def one_file(*_: Any) -> LogFile:
        return file

    structlog.configure(
        processors=[
            add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=one_file,
    )


def _renderers(form: LogFormat) -> tuple[Processor, ...]:
    if form is LogFormat.JSON:
        return structlog.processors.format_exc_info, structlog.processors.JSONRenderer()
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return (structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=structlog.dev.plain_traceback),)
