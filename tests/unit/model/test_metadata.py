"""What is said about the code: values that are valid once they are made, and the table of their kinds."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

import matou.model.metadata as values
from matou.model.metadata import Comment, Issue, MarkupText, MetadataValue, Participant
from matou.model.metadata.kinds import ADDITIONAL_OPTIONS, KINDS, OPTIONS, TreeLayout

EVERY_VALUE = [
    getattr(values, name)
    for name in values.__all__
    if isinstance(getattr(values, name), type) and issubclass(getattr(values, name), MetadataValue)
]


def comment(at: datetime) -> Comment:
    return Comment(id="1", by="17", at=at, text=MarkupText(markup="markdown", body="好"))


def test_a_time_is_kept_in_utc() -> None:
    beijing = timezone(timedelta(hours=8))

    written = comment(datetime(2019, 3, 4, 13, 6, 7, 120000, tzinfo=beijing))

    assert written.at == datetime(2019, 3, 4, 5, 6, 7, 120000, tzinfo=UTC)
    assert written.at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        comment(datetime(2019, 3, 4))  # noqa: DTZ001


@pytest.mark.parametrize("value", EVERY_VALUE)
def test_no_value_can_be_changed_or_made_by_position(value: type[MetadataValue]) -> None:
    assert is_dataclass(value)
    assert all(one.kw_only for one in fields(value))
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert not hasattr(value, "__dict__") or "__slots__" in vars(value)


def test_an_issue_stays_what_it_is() -> None:
    issue = Issue(number="I6D3AV", title="潮水表", state="open")

    with pytest.raises(FrozenInstanceError):
        issue.title = "x"  # type: ignore[misc]


def test_a_person_is_known_by_the_id_or_else_by_the_login() -> None:
    assert Participant(id="17", login="zhang-san", name="张三").key == "17"
    assert Participant(login="zhang-san", name="张三").key == "zhang-san"


def test_each_kind_that_has_files_has_a_place_of_its_own() -> None:
    places = [kind.place for kind in KINDS.values() if kind.layout is not TreeLayout.WITHIN]

    assert len(set(places)) == len(places)
    assert all(places)


def test_what_costs_much_and_is_wanted_by_few_is_saved_only_when_asked_for() -> None:
    of_kinds = {"events", "reactions", "artifacts", "tests"}
    assert set(ADDITIONAL_OPTIONS) == of_kinds | {"starred", "watched"}
    assert {kind.option for kind in KINDS.values() if not kind.is_default} == of_kinds
    assert {"issues", "changes", "releases", "assets", "wiki", "attachments", "people", "hooks"} <= set(OPTIONS)
