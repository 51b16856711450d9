"""Answers about refs are remembered for one state of them, within bounds."""

from pathlib import Path

from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from matou.server.git.ref_responses import LEAST_REMEMBERED_BYTES, RefResponse, RefResponseCache

HERE, THERE = Path("/a.git"), Path("/b.git")
LONG = b"x" * LEAST_REMEMBERED_BYTES


def listing() -> RefListing:
    return RefListing({RefName("refs/heads/main"): ObjectId("a" * 40)})


def test_an_answer_is_for_one_state_of_one_repository() -> None:
    answers, now = RefResponseCache(), listing()
    answers.put(HERE, now, "all", LONG)

    assert answers.get(HERE, now, "all", may_be_zipped=True) == RefResponse(LONG)
    assert answers.get(HERE, listing(), "all", may_be_zipped=True) is None
    assert answers.get(THERE, now, "all", may_be_zipped=True) is None
    assert answers.get(HERE, now, "one", may_be_zipped=True) is None


def test_gzip_is_for_who_takes_it_and_for_the_state_that_it_was_made_of() -> None:
    answers, now = RefResponseCache(), listing()
    answers.put(HERE, now, "all", LONG)

    assert answers.begin_zipping(HERE, now, "all")
    assert not answers.begin_zipping(HERE, now, "all")
    answers.put_zipped(HERE, listing(), "all", b"of another state")
    answers.put_zipped(HERE, now, "all", b"zipped")

    assert answers.get(HERE, now, "all", may_be_zipped=True) == RefResponse(b"zipped", is_zipped=True)
    assert answers.get(HERE, now, "all", may_be_zipped=False) == RefResponse(LONG)


def test_what_is_remembered_is_bounded_by_its_bytes_and_the_least_used_goes_first() -> None:
    answers, now = RefResponseCache(most_bytes=2 * len(LONG)), listing()
    paths = [Path(f"/{name}.git") for name in "abc"]
    answers.put(paths[0], now, "all", LONG)
    answers.put(paths[1], now, "all", LONG)
    answers.get(paths[0], now, "all", may_be_zipped=False)

    answers.put(paths[2], now, "all", LONG)

    there = [answers.get(path, now, "all", may_be_zipped=False) is not None for path in paths]
    assert there == [True, False, True]
    for _ in range(10):  # a new state takes the place of the old one
        answers.put(paths[2], listing(), "all", LONG)
    assert answers.get(paths[0], now, "all", may_be_zipped=False) is not None


def test_short_answers_are_made_anew() -> None:
    answers, now = RefResponseCache(), listing()

    for number in range(1_000):
        answers.put(HERE, now, number, b"short")

    assert answers.get(HERE, now, 1, may_be_zipped=False) is None
