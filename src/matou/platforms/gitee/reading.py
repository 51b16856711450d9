"""Reads JSON into the objects of `wire_v3` and `wire_v5`. Numbers and truths in quotes pass, unknown keys too."""

from typing import TypeVar

import msgspec

from matou.errors import TryLater, UnknownShape

T = TypeVar("T")


class AnswerBrokeOff(TryLater):
    """The answer's JSON ends in the middle."""


def parse(body: bytes) -> object:
    """Raises AnswerBrokeOff, UnknownShape."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        # The one thing that tells a cut-off answer from a page of HTML is what the parser says.
        if "truncated" in str(fault):
            raise AnswerBrokeOff("gitee's answer broke off after {bytes} bytes", bytes=len(body)) from None
        raise UnknownShape("gitee answer", body[:200]) from None


def read(kind: type[T], value: object) -> T:
    """Raises UnknownShape: it names the object, what is wrong with it, and where."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise UnknownShape(f"gitee {getattr(kind, '__name__', 'answer')} ({fault})", value) from None
