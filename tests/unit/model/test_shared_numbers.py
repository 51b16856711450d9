"""Numbers where issues and change requests count each for itself, as GitLab's do."""

from datetime import UTC, datetime

from matou.model.metadata.shared_numbers import LARGEST_APART, SharedNumbers

LATER, EARLIER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2026, 2025))


def test_apart_an_issue_and_a_change_request_may_have_the_same_number() -> None:
    numbers = SharedNumbers.assign_apart(["7", "8"], ["7"], {})

    assert (numbers.issues, numbers.changes) == ({"7": 7, "8": 8}, {"7": 7})


def test_apart_numbers_with_letters_count_on_in_the_order_of_their_times() -> None:
    numbers = SharedNumbers.assign_apart(["I6D3AV", "IAAAA", "3"], [], {"I6D3AV": LATER, "IAAAA": EARLIER})

    assert numbers.issues == {"3": 3, "IAAAA": 4, "I6D3AV": 5}


def test_apart_a_number_beyond_what_gitlab_holds_becomes_one_that_is_free() -> None:
    numbers = SharedNumbers.assign_apart([str(LARGEST_APART), str(LARGEST_APART + 1), "1"], [], {})

    assert numbers.issues == {str(LARGEST_APART): LARGEST_APART, "1": 1, str(LARGEST_APART + 1): 2}


def test_apart_the_sign_before_a_number_says_what_it_names() -> None:
    numbers = SharedNumbers.assign_apart(["7", "I6D3AV"], ["7", "12"], {})

    assert numbers.with_references("#7 !7 #12 #I6D3AV #99 `#12`") == "#7 !7 !12 #8 #99 `#12`"
