"""Colours are made in other processes: a text on which one works without end holds nobody up for long."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from markupsafe import escape

from matou.forge.forge import Forge
from matou.git.process.kept_worker import KeptWorker
from matou.git.process.sandbox import Limits
from matou.git.process.worker import WorkerFailed
from matou.model.names import ObjectId
from matou.server.web import colouring
from matou.server.web.colouring import ColouringProcesses, TooManyColoured, coloured
from matou.server.web.file_texts import FileTextCache, known_text, shown_text
from matou.server.web.highlight import highlighted
from matou.server.web.plain_text import LONGEST_COLOURED

LONG = timedelta(minutes=5)
BLOB = ObjectId("1" * 40)


@pytest.fixture
def worker() -> Iterator[KeptWorker]:
    made = KeptWorker("support.echoing_worker", limits=Limits(wall=None))
    yield made
    made.end()


class Refusing:
    """In the place of the processes."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def colour(self, text: str, file_name: str) -> str:
        raise self.error


class Memory:
    """Of a forge, what remembers texts."""

    def __init__(self) -> None:
        self.texts = FileTextCache()

    def memory(self, _kind: type[FileTextCache]) -> FileTextCache:
        return self.texts


@pytest.fixture
def forge() -> Forge:
    return Memory()  # type: ignore[return-value]  # all that is asked of it


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def f():\n    return '<&'\n", "a.py"),
        ("no language\n\n\n", "a.nothing"),
        ("", "a.py"),
        ("\u202e\x1b\ud800", "a\udcff.py"),
        ("# 码头\r\nx = '''\r\ny'''\r\n", "码头.py"),
    ],
)
def test_the_lines_are_those_that_this_process_would_make(text: str, name: str) -> None:
    assert coloured(text, name) == (highlighted(text, name), True)


def test_a_long_text_is_not_sent_to_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colouring, "colouring_processes", lambda: Refusing(AssertionError()))

    lines, is_lasting = coloured("<\n" * LONGEST_COLOURED, "a.py")

    assert (lines[0], len(lines), is_lasting) == ("&lt;", LONGEST_COLOURED, True)


def test_what_took_too_long_stays_in_one_colour(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colouring, "colouring_processes", lambda: Refusing(WorkerFailed("it took too long")))

    shown = shown_text(forge, BLOB, "a.py", b"def f(): <\n")

    assert shown is not None
    assert (shown.lines, shown.is_lasting) == ([escape("def f(): <")], True)
    assert known_text(forge, BLOB, "a.py") == shown


def test_what_others_were_in_the_way_of_is_coloured_the_next_time(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as busy:
        busy.setattr(colouring, "colouring_processes", lambda: Refusing(TooManyColoured("busy")))
        shown = shown_text(forge, BLOB, "a.py", b"def f(): <\n")

    assert shown is not None
    assert (shown.lines, shown.is_lasting) == ([escape("def f(): <")], False)
    assert known_text(forge, BLOB, "a.py") is None
    again = shown_text(forge, BLOB, "a.py", b"def f(): <\n")
    assert again is not None
    assert again.lines == highlighted("def f(): <\n", "a.py")


def test_no_more_texts_than_processes_are_coloured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colouring, "PATIENCE", timedelta())
    processes = ColouringProcesses()
    refused: list[TooManyColoured] = []

    class Nested(KeptWorker):
        """One text needs another, and that needs one more."""

        def ask(self, request: bytes, *, within: timedelta) -> bytes:
            try:
                processes.colour("inner", "a.py")
            except TooManyColoured as error:
                refused.append(error)
            return request

    monkeypatch.setattr(colouring, "KeptWorker", Nested)
    processes = ColouringProcesses()

    assert processes.colour("outer", "a.py") == "a.py\0outer"
    assert len(refused) == 1
    assert processes.colour("later", "a.py") == "a.py\0later"


def test_one_process_answers_request_after_request(worker: KeptWorker) -> None:
    large = b"x" * 1_000_000
    answers = [worker.ask(request, within=LONG) for request in (b"one", b"", large)]

    (pid,) = {answer.partition(b" ")[0] for answer in answers}
    assert [answer.partition(b" ")[2] for answer in answers] == [b"one", b"", large]
    assert int(pid) > 0


@pytest.mark.parametrize(("request_", "within"), [(b"wait", timedelta(milliseconds=50)), (b"leave", LONG)])
def test_after_one_that_gives_no_answer_another_one_is_started(
    worker: KeptWorker, request_: bytes, within: timedelta
) -> None:
    before = worker.ask(b"before", within=LONG)

    with pytest.raises(WorkerFailed):
        worker.ask(request_, within=within)

    after = worker.ask(b"after", within=LONG)
    assert after.endswith(b" after")
    assert after.partition(b" ")[0] != before.partition(b" ")[0]
