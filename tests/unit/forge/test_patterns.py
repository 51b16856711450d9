"""Patterns that people set mean what RE2 says they mean, whichever engine looks for them."""

import contextlib
import time

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from matou.forge.push.patterns import TooMuchToSearch, UnusablePattern, compile_pattern, is_found

OPTIONS = re2.Options()
OPTIONS.log_errors = False

LETTERS = "aAzZ09_- ]^<>&~{}\n\v\té\u00a0ſK码\u0663"
PIECES = (
    *("a", "Z", "0", "é", "码", "-", " ", "&&", "--", "~~", "<", ">", "]", "}", "{", "{,3}", "^", "$", ".", "|"),
    *(r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\b", r"\B", r"\A", r"\z", r"\<", r"\>", r"\-", r"\&", r"\ ", r"\."),
    *(r"\Qa.b\E", r"\Q[", r"\x41", r"\x{7801}", r"\101", r"\0", r"\n", r"\t", r"\v", r"\pL", r"\p{Greek}", r"\p{^Lu}"),
    *("[a-z]", "[^a-z]", "[a&&z]", "[]a]", "[^]a]", "[[a]", "[a-]", "[-a]", "[--a]", "[a~~b]", "[{]", "[.]", "[ -~]"),
    *(
        r"[\w-z]",
        r"[\d\s]",
        r"[^\W_]",
        r"[\S-a]",
        r"[[:alpha:]-é]",
        r"[[:^digit:]]",
        r"[\pL-9]",
        r"[\]]",
        r"[\<-\>]",
        "[--[:a:]",
    ),
    *("(?i)k", "(?i)[k-l]", r"(?i)\w", "(?:a|b)", "(a)", "(?P<n>a)", "a*", "a+?", "a{2}", "a{1,}", "(?s).", "(?m)^a$"),
)


def found_by_re2(pattern: str, text: str) -> bool | None:
    try:
        return re2.compile(pattern, OPTIONS).search(text) is not None
    except re2.error:
        return None


def found(pattern: str, text: str) -> bool | None:
    try:
        return compile_pattern(pattern).is_in(text)
    except UnusablePattern:
        return None


@given(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), st.text(LETTERS, max_size=6))
def test_a_pattern_that_re2_knows_finds_what_re2_finds(pattern: str, text: str) -> None:
    expected = found_by_re2(pattern, text)

    assert expected is None or found(pattern, text) is expected


@pytest.mark.parametrize("pattern", PIECES)
@pytest.mark.parametrize("text", ["", *LETTERS, "a.b", "aa", "(a)", "{,3}", "a&&b", "b\na", "[a"])
def test_each_piece_of_the_syntax_finds_what_re2_finds(pattern: str, text: str) -> None:
    expected = found_by_re2(pattern, text)

    assert expected is not None or pattern == "[--a]"
    assert expected is None or found(pattern, text) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "[a",
        "*",
        r"(a)\1",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        r"\Ca",
        "(a{1000}){1000}",
        "a{1001}",
        "a{1,1001}",
        "((a{20}b){3}){20}",
        "a\ud800",
        "\\",
    ],
)
def test_what_neither_can_be_is_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(UnusablePattern) as refused:
        compile_pattern(pattern)

    assert str(refused.value.values["reason"]).strip()


@pytest.mark.parametrize(
    "pattern",
    [
        "a{1000}",
        "(?:a{500}b){2}",
        "a{1000}b{1000}",
        "(a{10}){10}(b{10}){10}",
        "[{1001}]",
        "(a){50}(b){50}",
        "a{50}(?:b{50})",
    ],
)
def test_what_re2_would_repeat_is_repeated(pattern: str) -> None:
    assert found_by_re2(pattern, "") is not None
    assert found(pattern, "") is found_by_re2(pattern, "")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_more_than_time_linear_in_the_text(pattern: str) -> None:
    """Python's own takes longer than the universe for the first of these."""
    compiled = compile_pattern(pattern)
    started = time.process_time()

    assert not compiled.is_in("a" * 100_000 + "!")

    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "pattern",
    [".{0,1000}.{0,1000}.{0,1000}x", "[ab]{0,1000}" * 80 + "x", "(?:a|b|ab){0,1000}x", "((a?b?){0,30}){0,30}x"],
)
@pytest.mark.parametrize("length", [100, 1_000, 10_000, 1_000_000])
def test_a_search_never_keeps_all_other_threads_waiting_for_long(pattern: str, length: int) -> None:
    """The engine holds Python's lock: one of these took 7 s for 10,000 letters, in which a server answered nobody."""
    compile_pattern(pattern)
    started = time.process_time()

    with contextlib.suppress(TooMuchToSearch):
        assert not is_found(pattern, ("ab" * length)[:length])

    assert time.process_time() - started < 0.5


def test_a_message_as_people_write_them_is_judged_whole() -> None:
    pattern = r"^(feat|fix|docs|test|chore)(\([\w-]{1,20}\))?: .{1,72}$"

    assert is_found(pattern, "x" * 20_000 + "\nfix(api): mend it", lines=True)


def test_what_is_too_much_to_search_says_of_which_pattern() -> None:
    with pytest.raises(TooMuchToSearch, match="100000 characters are too many to look for"):
        is_found(".{0,1000}x", "a" * 100_000)
