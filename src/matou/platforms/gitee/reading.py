"""Reads JSON into the objects of `wire_v3` and `wire_v5`. Numbers and truths in quotes pass, unknown keys too."""

from typing import TypeVar

import msgspec

from matou.errors import UnknownShape
from matou.remote.json_answers import parse_answer

T = TypeVar("T")


def parse(body: bytes) -> object:
    """Raises AnswerBrokeOff, UnknownShape."""
    return parse_answer(body, platform="gitee")


def read(kind: type[T], value: object) -> T:
    """Raises UnknownShape: it names the object, what is wrong with it, and where."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise UnknownShape(f"gitee {getattr(kind, '__name__', 'answer')} ({fault})", value) from None
