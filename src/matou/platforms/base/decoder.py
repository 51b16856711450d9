"""The JSON of an answer."""

import contextlib

import msgspec

from matou.errors import TryLater, UnknownShape
from matou.http.responses import Answer
from matou.model.decoding_faults import NOT_DECODED


class AnswerBrokeOff(TryLater):
    """The answer's JSON ends in the middle."""


def require_whole(answer: Answer, *, platform: str) -> None:
    """Raises AnswerBrokeOff where an answer in JSON ends in the middle; what else it is, its reader finds out."""
    if "json" in answer.headers.get("content-type", ""):
        with contextlib.suppress(UnknownShape):
            parse_answer(answer.body, platform=platform)


def parse_answer(body: bytes, *, platform: str) -> object:
    """Raises AnswerBrokeOff, UnknownShape."""
    try:
        return msgspec.json.decode(body)
    except NOT_DECODED as fault:
        # The one thing that tells a cut-off answer from a page of HTML is what the parser says.
        if "truncated" in str(fault):
            raise AnswerBrokeOff(
                "{platform}'s answer broke off after {bytes} bytes", platform=platform, bytes=len(body)
            ) from None
        raise UnknownShape(f"{platform} answer", body[:200]) from None
