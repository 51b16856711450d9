"""What moves, refuses or is lost while it is read: told with what to do, nothing given up, saved by the next run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked_program import ForkingProgram, QuickPerson
from support.matou_server import MatouServer
from support.moving_accounts import MovingAccount, documents_in, documents_with, moving_account
from support.program import Person
from support.recording_server import RecordingServer


@pytest.fixture(params=["coding", "gitee", "gitcode"])
def account(
    request: pytest.FixtureRequest,
    program: ForkingProgram,
    matou_server: MatouServer,
    person: Person,
    tmp_path: Path,
) -> Iterator[MovingAccount]:
    quick = QuickPerson(person.home, person.environment, program=program)
    with moving_account(request.param, matou_server, quick, tmp_path / "ferry.git") as account:
        yield account


def test_what_moves_while_it_is_read_is_saved_as_if_it_had_stood_still(account: MovingAccount, tmp_path: Path) -> None:
    """Lists, people, limits, addresses that expire; a comment that moved no time, and what was deleted, by a sweep."""
    archive, straight = tmp_path / "archive", tmp_path / "straight"
    account.move_while_it_is_read()

    first = account.back_up(archive)
    account.edit_silently()
    account.back_up(archive)
    unseen = documents_in(archive)
    account.back_up(archive, "--sweep")
    account.back_up(straight)

    assert "asking again in" in first.err
    assert account.has_moved()
    saved, expected = documents_in(archive), documents_in(straight)
    with_comment = f"{account.issues}/{account.commented}"
    assert unseen[with_comment] != saved[with_comment] == expected[with_comment]
    gone = [f"{account.issues}/{path}" for path in account.deleted]
    assert sorted(saved.keys() - expected.keys()) == documents_with(archive, '"gone_in": 3') == gone
    lists = {f"{account.issues}/issues.md"} if gone else set()
    assert {path for path in expected if saved[path] != expected[path]} == lists


def test_what_fails_in_the_middle_is_told_deletes_nothing_and_is_saved_by_the_next_run(
    account: MovingAccount, recording_server: RecordingServer, tmp_path: Path
) -> None:
    """A page is refused, a part is not there, a file leads inward, and an address in a text has expired."""
    archive, straight = tmp_path / "archive", tmp_path / "straight"
    account.back_up(archive)
    before = documents_in(archive)
    account.tell_more()
    account.fail_in_the_middle(recording_server.url.replace("127.0.0.1", "localhost"))

    failed = account.back_up(archive, "--sweep", code=3)
    told = failed.out + failed.err
    during = documents_in(archive)
    account.mend()
    account.back_up(archive, "--sweep")
    account.back_up(straight)

    assert [text for text in account.failures if text not in told] == []
    assert "asks for it again" in told
    assert "with --sweep" in told
    assert recording_server.requests == []
    assert before.keys() <= during.keys()
    assert documents_with(archive, '"gone_in"') == []
    assert documents_in(archive) == documents_in(straight)
