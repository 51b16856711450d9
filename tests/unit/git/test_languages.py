"""Shares of languages add up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.git.operations.languages import percentages

SIZES = st.dictionaries(st.sampled_from([f"L{number}" for number in range(30)]), st.integers(0, 10**9), max_size=30)


@given(sizes=SIZES)
def test_shares_add_up_to_exactly_100_and_none_is_off_by_a_hundredth(sizes: dict[str, int]) -> None:
    shares = percentages(sizes.items())

    everything = sum(sizes.values())
    assert sum(round(share * 100) for share in shares.values()) == (10_000 if everything else 0)
    assert all(
        abs(Fraction(sizes[language] * 10_000, everything) - round(share * 100)) < 1
        for language, share in shares.items()
    )


@given(sizes=SIZES)
def test_a_larger_language_never_has_a_smaller_share(sizes: dict[str, int]) -> None:
    shares = list(percentages(sizes.items()).values())

    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("sizes", "shares"),
    [
        ([], {}),
        ([("C", 0)], {}),
        ([("C", 1), ("C", 1)], {"C": 100.0}),
        ([("Python", 5023), ("Shell", 4977)], {"Python": 50.23, "Shell": 49.77}),
        ([("A", 1), ("B", 1), ("C", 1)], {"A": 33.34, "B": 33.33, "C": 33.33}),
        ([("A", 10**9), ("B", 1)], {"A": 100.0, "B": 0.0}),
    ],
)
def test_what_is_left_over_goes_to_the_largest_rests(sizes: list[tuple[str, int]], shares: dict[str, float]) -> None:
    assert percentages(sizes) == shares
