"""Names and texts as a GitLab takes them, whatever a platform gave."""

import pytest

from matou.transfer.export.gitlab.texts import upload_name
from matou.transfer.export.gitlab.wire import LONGEST_TEXT, clean, day_text, parts_of, shortened


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tide.png", "tide.png"),
        ("潮 水.png", "潮_水.png"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("..", "_.."),
        ("", "_"),
        ("a\0b\n.txt", "a_b_.txt"),
        ("²½.md", "__.md"),
        ("C:\\x\\y.exe", "C__x_y.exe"),
        ("\ud83d.png", "_.png"),
    ],
)
def test_a_file_has_a_name_that_gitlab_leaves_as_it_is(name: str, expected: str) -> None:
    assert upload_name(name) == expected


def test_a_long_name_keeps_its_ending() -> None:
    name = upload_name("潮" * 500 + ".png")

    assert name.endswith("潮.png")
    assert len(name.encode()) <= 200


def test_a_text_is_divided_where_gitlab_takes_no_more_of_it() -> None:
    text = "潮" * LONGEST_TEXT + "水"

    assert parts_of(text) == ["潮" * LONGEST_TEXT, "水"]
    assert parts_of("") == [""]


def test_what_a_database_does_not_store_is_replaced() -> None:
    assert clean("a\0\ud800b") == "a\ufffd\ufffdb"
    assert shortened("  a\n b  ") == "a b"
    assert len(shortened("x" * 300)) == 255


def test_a_day_is_one_or_is_left_out() -> None:
    assert (day_text("2026-03-01T08:00:00Z"), day_text("soon"), day_text(None)) == ("2026-03-01", None, None)
