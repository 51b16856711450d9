"""Texts, numbers and truths as platforms write them: what is tolerated is told by each platform's decoder."""

import re
from collections.abc import Mapping
from typing import Any

LARGEST_INTEGER = 2**63 - 1

_INTEGER = re.compile(r"-?[0-9]{1,19}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?\Z")


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError


def text_or_number(value: object) -> str:
    """A bare number stands for its digits."""
    return str(value) if type(value) is int else text(value)


def integer(value: object) -> int:
    """In quotes or not; of 64 bits."""
    if isinstance(value, str) and _INTEGER.match(value):
        value = int(value)
    if type(value) is not int or abs(value) > LARGEST_INTEGER:
        raise ValueError
    return value


def decimal(value: object) -> float:
    if isinstance(value, str) and _DECIMAL.match(value):
        return float(value)
    if type(value) not in (int, float):
        raise ValueError
    return value  # type: ignore[return-value]  # one of the two it is


def truth_of(words: Mapping[str, bool]) -> Any:
    """Reads a truth, or one of the words that stand for one, in small letters or capitals."""

    def truth(value: object) -> bool:
        meant = value if isinstance(value, bool) else words.get(str(value).lower())
        if meant is None:
            raise ValueError
        return meant

    return truth


def anything(value: object) -> object:
    return value
