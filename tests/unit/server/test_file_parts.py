"""Parts of a long file: each is small, whatever stands beside its lines, and together they are the whole."""

import pytest
from markupsafe import Markup

from matou.server.web.file_texts import PART_BYTES, part_at

LINES = [Markup(f"line {number}") for number in range(1, 2001)]
BESIDE = dict.fromkeys(range(1, 2001, 4), 600)


@pytest.mark.parametrize("beside", [{}, BESIDE])
def test_parts_follow_one_another_and_none_is_large(beside: dict[int, int]) -> None:
    shown: list[Markup] = []
    line: int | None = 1
    while line is not None:
        part = part_at(LINES, line, beside=beside)
        assert part.first == len(shown) + 1
        assert sum(len(one) + beside.get(number, 0) for number, one in enumerate(part.lines, part.first)) <= PART_BYTES
        shown += part.lines
        line = part.following

    assert shown == LINES


def test_a_line_beside_which_much_stands_has_a_part_of_its_own_at_most() -> None:
    part = part_at(LINES, 7, beside={7: 10 * PART_BYTES})

    assert (part.first, list(part.lines)) == (7, LINES[6:7])
