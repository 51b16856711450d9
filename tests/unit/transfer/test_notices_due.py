"""Who is told what and when: once, again after a day, when all is well again, and a success never too early."""

from datetime import UTC, datetime, timedelta

import pytest

from matou.archive.notice_state import NoticeState, SourceResultState
from matou.transfer.notices.decide import due_notices, ping_after, remember_sent, result_after
from matou.transfer.notices.notice import NoticeEvent, failure_notice
from matou.transfer.notices.recipient import NoticeKind, Recipient

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = frozenset({NoticeEvent.FAILURE, NoticeEvent.RECOVERY, NoticeEvent.OLD, NoticeEvent.WEEKLY})


def recipient(**values: object) -> Recipient:
    known = {"name": "ops", "kind": NoticeKind.SLACK, "events": ALL, "language": "en", "secret": lambda _part: None}
    return Recipient(**{**known, **values})  # type: ignore[arg-type]


def result(code: int | None, at: datetime, before: SourceResultState | None = None) -> SourceResultState:
    return result_after(before, SourceResultState(exit_code=code, ended_at=at, run=7))


def told(state: NoticeState, now: datetime, who: Recipient | None = None) -> list[NoticeEvent]:
    """What is due, as if all of it could be sent."""
    who = who or recipient()
    notices = list(due_notices(who, ["ship"], state, now))
    for notice in notices:
        remember_sent(state, who, notice)
    return [notice.event for notice in notices]


def test_a_failure_is_told_once_again_after_a_day_and_its_end_once() -> None:
    state = NoticeState(results={"ship": result(4, NOON)})

    at_once = told(state, NOON)
    state.results["ship"] = result(4, NOON + HOUR, state.results["ship"])
    later, next_day = told(state, NOON + HOUR), told(state, NOON + 25 * HOUR)
    state.results["ship"] = result(0, NOON + 26 * HOUR, state.results["ship"])

    assert (at_once, later, next_day) == ([NoticeEvent.FAILURE], [], [NoticeEvent.FAILURE])
    assert told(state, NOON + 26 * HOUR) == [NoticeEvent.RECOVERY]
    assert told(state, NOON + 27 * HOUR) == []


def test_a_failure_after_all_was_well_is_told_to_those_too_who_do_not_hear_that_it_was() -> None:
    who = recipient(events=frozenset({NoticeEvent.FAILURE}))
    state = NoticeState(results={"ship": result(4, NOON)})

    first = told(state, NOON, who)
    state.results["ship"] = result(0, NOON + HOUR, state.results["ship"])
    well = told(state, NOON + HOUR, who)
    state.results["ship"] = result(4, NOON + 2 * HOUR, state.results["ship"])

    assert (first, well, told(state, NOON + 2 * HOUR, who)) == ([NoticeEvent.FAILURE], [], [NoticeEvent.FAILURE])
    assert told(state, NOON + 3 * HOUR, who) == []


def test_what_could_not_be_sent_is_due_again() -> None:
    state = NoticeState(results={"ship": result(4, NOON)})

    assert [one.event for one in due_notices(recipient(), ["ship"], state, NOON)] == [NoticeEvent.FAILURE]
    assert told(state, NOON + HOUR) == [NoticeEvent.FAILURE]


def test_a_source_that_always_was_well_is_no_news() -> None:
    assert told(NoticeState(results={"ship": result(0, NOON)}), NOON) == []


def test_what_is_too_old_is_told_also_where_it_was_never_saved() -> None:
    who = recipient(max_age=26 * HOUR)
    saved = NoticeState(results={"ship": result(0, NOON)}, known_since={"ship": NOON})
    never = NoticeState(known_since={"ship": NOON})

    assert told(saved, NOON + 26 * HOUR, who) == told(never, NOON + 26 * HOUR, who) == []
    assert told(saved, NOON + 27 * HOUR, who) == told(never, NOON + 27 * HOUR, who) == [NoticeEvent.OLD]
    saved.results["ship"] = result(0, NOON + 28 * HOUR)
    assert told(saved, NOON + 28 * HOUR, who) == [NoticeEvent.RECOVERY]


def test_only_what_is_wanted_is_told_and_of_those_sources_alone() -> None:
    failing = NoticeState(results={"ship": result(3, NOON)})

    assert told(failing, NOON, recipient(events=frozenset({NoticeEvent.OLD}))) == []
    assert told(failing, NOON, recipient(sources=("boat",))) == []


def test_a_summary_comes_once_a_week_and_names_all() -> None:
    state = NoticeState(results={"ship": result(3, NOON)}, summarized_at={"ops": NOON})
    who = recipient(events=frozenset({NoticeEvent.WEEKLY}))

    assert told(state, NOON + timedelta(days=6), who) == []
    (summary,) = due_notices(who, ["ship", "boat"], state, NOON + timedelta(days=7))
    assert summary.title == "Matou: 2 sources are not saved in full"
    assert summary.lines == ("ship: not everything could be saved", "boat: not saved yet")
    remember_sent(state, who, summary)
    assert told(state, NOON + timedelta(days=8), who) == []


@pytest.mark.parametrize(
    ("codes", "ending"),
    [
        ({"ship": 0}, ""),
        ({"ship": 3}, "/fail"),
        ({"ship": None}, "/fail"),
        ({"ship": 0, "boat": 0}, ""),
        ({"ship": 0, "boat": 4}, None),
        ({"ship": 0, "boat": "never"}, None),
        ({"ship": 4, "boat": 0}, "/fail"),
    ],
)
def test_a_success_is_pinged_only_where_all_is_complete(codes: dict[str, object], ending: str | None) -> None:
    results = {
        name: None if code == "never" else result(code if isinstance(code, int) else None, NOON)
        for name, code in codes.items()
    }

    assert ping_after("ship", results, too_old=False).ending == ending
    assert ping_after("ship", results, too_old=True).ending in ("/fail", None)


def test_a_name_that_somebody_else_chose_is_one_line_and_not_endless() -> None:
    hostile = SourceResultState(
        exit_code=3,
        ended_at=NOON,
        not_saved=("a\r\nBcc: x@example.com", "\u202egnp.exe", "n" * 5000),
        not_saved_count=20,
    )

    lines = failure_notice("ship\nSubject: x", hostile, NOON).text.splitlines()

    assert lines[0] == r"Matou: ship\nSubject: x was not saved in full"
    assert r"- a\r\nBcc: x@example.com" in lines
    assert r"- \u202egnp.exe" in lines
    assert "- and 17 more" in lines
    assert max(map(len, lines)) < 250
