"""What was written down in English is said in the language of whoever reads it."""

import pytest

from matou.i18n import speaking
from matou.stored_texts import localize_stored


def test_a_text_without_values_has_its_translation() -> None:
    with speaking("zh"):
        assert localize_stored("CODING's Open API neither lists nor gives what is in the file drive") != (
            "CODING's Open API neither lists nor gives what is in the file drive"
        )


def test_the_values_of_a_text_are_found_again_and_said_likewise() -> None:
    fault = "run 3 was cut off; the same command goes on from there"
    stored = f"not all of what lies around its code was read: releases: {fault}"

    with speaking("zh"):
        said = localize_stored(stored)

    assert "发行版" in said
    assert "3" in said
    assert "read" not in said
    assert "cut off" not in said


def test_to_whoever_reads_english_it_is_what_stands_there() -> None:
    with speaking("en"):
        assert localize_stored("run 3 was cut off; the same command goes on from there").startswith("run 3 was cut off")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text", ["", "whatever {a} platform says", "\x1b[31m: ", "x" * 100_000, "run  was cut off; " * 99]
)
def test_what_is_not_ours_stays_as_it_is_and_moves_no_cursor(text: str, language: str) -> None:
    with speaking(language):
        assert localize_stored(text) == text.replace("\x1b", "\\x1b")
