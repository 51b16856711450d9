"""A Gitee with one repository of which much was said: the fake of the tests over loopback, with long lists."""

import random
import string
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from support.conversation_story import IDS, NAMES, StoryComment
from support.gitee_conversation import GiteeConversation, Row, Talk
from support.v5_account import Answer, serving_account

PLACE = "harbour/crane"
BEGAN = datetime(2020, 1, 1, 9, tzinfo=UTC)
LATER = datetime(2026, 1, 1, 9, tzinfo=UTC)
PEOPLE = 200
WORDS = 4000
DIGITS = string.digits + string.ascii_uppercase
LONGEST_SENTENCE = 18
NO_REFS = b"".join(
    (
        b"001e# service=git-upload-pack\n0000",
        b"%04x%b" % (4 + 40 + 1 + 15 + 1 + 1, b"0" * 40 + b" capabilities^{}\0\n"),
        b"0000",
    )
)
"""What git is told by a server of a repository in which nothing is."""


@dataclass
class LongList:
    """Rows in the order of their change, so that a page of what changed since then is not searched for."""

    rows: list[Row]
    times: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows.sort(key=_changed)
        self.times = [_changed(row) for row in self.rows]

    def since(self, moment: str | None) -> list[Row]:
        """All times are in UTC, so that they sort as they are written."""
        if moment is None:
            return self.rows
        return self.rows[bisect_left(self.times, _in_utc(moment)) :]


@dataclass
class BusyGitee(GiteeConversation):
    """Answers for long lists as `GiteeConversation` does for short ones: by time of change, the oldest first."""

    long: dict[str, LongList] = field(default_factory=dict)

    def _lists(self, talk: Talk) -> dict[str, Callable[[Mapping[str, str]], list[Row]]]:
        return {**super()._lists(talk), **{path: _by_change(rows) for path, rows in self.long.items()}}

    def _outside_the_api(self, path: str, authorization: str | None) -> Answer:
        if path.removesuffix(".git/info/refs") == f"/{PLACE}":
            return Answer(200, NO_REFS, {"Content-Type": "application/x-git-upload-pack-advertisement"})
        return super()._outside_the_api(path, authorization)

    def fill(self, comments: Sequence[int]) -> None:
        """Let there be an issue for each of these, with so many comments; the same in each run."""
        writer = _Writer(self)
        issues = [writer.issue(place, count) for place, count in enumerate(comments)]
        said = [writer.comment(place, number) for place, count in enumerate(comments) for number in range(count)]
        self.long = {"issues": LongList(issues), "issues/comments": LongList(said)}

    def change(self, count: int, run: int) -> None:
        """Let so many issues get another comment, and another time of change with it."""
        writer, issues, said = _Writer(self, seed=run), self.long["issues"].rows, self.long["issues/comments"].rows
        moment = LATER + timedelta(days=run)
        times = dict.fromkeys(("created_at", "updated_at"), _text(moment))
        for issue in writer.chosen.sample(issues, count):
            issue["updated_at"] = times["updated_at"]
            issue["comments"] += 1
            said.append(writer.comment(_place(issue["number"]), FIRST_LATER + run) | times)
        self.long = {"issues": LongList(issues), "issues/comments": LongList(said)}

    @property
    def numbers(self) -> list[str]:
        """Of the issues, the oldest first."""
        return sorted(row["number"] for row in self.long["issues"].rows)

    @property
    def words(self) -> list[str]:
        """In which people speak, those first that come most often."""
        return _Writer(self).words


FIRST_NUMBER, STEP = int("10000", 36), 1009
"""Numbers are of all Gitee, which made some 20 million issues in six years: one repository's are far apart."""

FIRST_LATER = 90_000


@dataclass
class _Writer:
    """Makes up what people say: words as often as they are in a language, in sentences and paragraphs."""

    account: GiteeConversation
    seed: int = 0

    def __post_init__(self) -> None:
        vocabulary = random.Random(7)
        self.words = ["".join(chr(vocabulary.randint(0x4E00, 0x6FFF)) for _ in range(2)) for _ in range(WORDS)]
        self.weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self.chosen = random.Random(self.seed)

    def issue(self, place: int, comments: int) -> Row:
        made = BEGAN + timedelta(minutes=place)
        changed = BEGAN + timedelta(days=300, minutes=place)
        by, assignee = (self.account.person(self._login()) for _ in range(2))
        row = self.account.issue(PLACE, _number(place), user=by, assignee=assignee, comments=comments)
        state = "closed" if self.chosen.random() < 0.7 else "open"
        return row | {
            "title": self._text(8),
            "body": self._text(round(self.chosen.lognormvariate(3.6, 0.9))),
            "state": state,
            "labels": [],
            "created_at": _text(made),
            "updated_at": _text(changed),
            "finished_at": _text(changed) if state == "closed" else None,
        }

    def comment(self, place: int, number: int) -> Row:
        moment = _text(BEGAN + timedelta(days=1 + number % 200, minutes=place, seconds=number % 60))
        body = self._text(round(self.chosen.lognormvariate(2.9, 0.9)))
        said = StoryComment(place * 100_000 + number, self._login(), moment, body)
        return self.account.issue_comment(_number(place), said)

    def _login(self) -> str:
        return f"person-{self.chosen.randrange(PEOPLE)}"

    def _text(self, words: int) -> str:
        chosen = self.chosen.choices(self.words, cum_weights=self.weights, k=max(1, words))
        starts = range(0, len(chosen), LONGEST_SENTENCE)
        return "\n\n".join("".join(chosen[start : start + LONGEST_SENTENCE]) + "。" for start in starts)


@contextmanager
def busy_gitee() -> Iterator[BusyGitee]:
    """With one repository, of which nothing was said yet, and no code."""
    for number in range(PEOPLE):
        IDS[f"person-{number}"], NAMES[f"person-{number}"] = 5000 + number, f"第{number}位"
    with serving_account(BusyGitee()) as account:
        account.repository(account.namespace("harbour"), "crane", has_wiki=False)
        account.talks[PLACE] = Talk()
        yield account


def _by_change(listed: LongList) -> Callable[[Mapping[str, str]], list[Row]]:
    def rows(query: Mapping[str, str]) -> list[Row]:
        assert (query["sort"], query["direction"], query.get("state", "all")) == ("updated", "asc", "all"), query
        return listed.since(query.get("since"))

    return rows


def _number(place: int) -> str:
    value, text = FIRST_NUMBER + place * STEP, ""
    while value:
        value, digit = divmod(value, 36)
        text = DIGITS[digit] + text
    return f"I{text}"


def _place(number: str) -> int:
    return (int(number[1:], 36) - FIRST_NUMBER) // STEP


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_utc(moment: str) -> str:
    return _text(datetime.fromisoformat(moment).astimezone(UTC))


def _changed(row: Mapping[str, Any]) -> str:
    changed: str = row["updated_at"]
    return changed


def lists_asked(account: BusyGitee) -> list[str]:
    """Of which kind each list was that was asked for: `issues/comments` is of the issues."""
    below = f"/repos/{PLACE}/"
    asked = (one.path.removeprefix(below) for one in account.requests_seen if one.path.startswith(below))
    return [path.partition("/")[0] for path in asked]
