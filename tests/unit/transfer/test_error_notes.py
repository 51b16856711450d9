"""What a worker writes down of errors is told again as it was, and reaches into nothing."""

import pytest

from matou.errors import Damaged, MatouError, Phrase, Plural, Refused, TryLater
from matou.i18n import localize
from matou.transfer.backup.by_workers.error_notes import ErrorNote, TextNote, error_of, note_of, text_of


class OneOfOurs(Refused):
    """A subclass that another process does not know."""


@pytest.mark.parametrize(
    "error",
    [
        OneOfOurs("{url} is not there", advice="look at {url}", url="https://a"),
        TryLater("{fault}", fault=Phrase("no room in {place}", place=Damaged("{path} is damaged", path="x"))),
        MatouError(Plural("{count} ref of {name}", "{count} refs of {name}", count=2, name="boat")),
    ],
    ids=str,
)
def test_an_error_is_told_as_it_was(error: MatouError) -> None:
    again = error_of(note_of(error))

    assert (str(again), localize(again), again.advice) == (str(error), localize(error), error.advice)
    assert isinstance(again, Refused) is isinstance(error, Refused)
    assert isinstance(again, TryLater) is isinstance(error, TryLater)


@pytest.mark.parametrize("template", ["{a.__class__}", "{a[0]}", "{a!r}", "{a:>99999999}", "{", "{missing}", "{0}"])
def test_a_template_that_is_none_of_ours_is_said_as_it_stands(template: str) -> None:
    error = error_of(ErrorNote("TryLater", TextNote(template, {"a": "x"})))

    assert str(error) == template
    assert str(text_of(TextNote(template, {"a": "x"}))) == template
