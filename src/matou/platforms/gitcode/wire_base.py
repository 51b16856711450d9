"""What all objects of GitCode's API v5 have in common, and the forms in which it writes a moment."""

from base64 import b64decode
from datetime import UTC, datetime
from typing import ClassVar, NewType

from matou.errors import UnknownShape
from matou.platforms.base.decoder import Decoder, anything, decimal, integer, text_or_number, truth_of
from matou.platforms.base.wire_struct import CHINA, WireStruct, in_china

ChinaMoment = NewType("ChinaMoment", str)
"""`2024-07-29T15:42:45.149+08:00`: repositories, watches, stars, settings."""

ChinaSecond = NewType("ChinaSecond", str)
"""`2024-01-24T14:33:44+08:00`: reviewers."""

ChinaMinute = NewType("ChinaMinute", str)
"""`2024-04-17 08:00`: roles."""

UtcSecond = NewType("UtcSecond", str)
"""`2024-04-11T09:15:20+00:00`: commits and tags, except in the answer to a deletion."""

ZuluMoment = NewType("ZuluMoment", str)
"""`2024-11-25T02:11:56.000Z`: the commit that deletes a file, branches, events."""

Day = NewType("Day", str)
"""`2024-11-13`"""

DECODER = Decoder(
    "gitcode",
    scalars={
        str: text_or_number,
        int: integer,
        float: decimal,
        bool: truth_of({"true": True, "false": False, "1": True, "0": False}),
        object: anything,
    },
)
"""What is tolerated, each because a real answer does it: a number in quotes and a text that is a bare number, `"true"`
and `"false"`, 0 and 1 for a truth, null for "not there"."""


class GitCodeStruct(WireStruct, frozen=True, kw_only=True):
    """An object of the API."""


class StrictGitCodeStruct(GitCodeStruct, frozen=True, kw_only=True):
    """An object of which every field counts, as settings do: one that cannot be read is an error, never left out."""

    is_whole: ClassVar[bool] = True


def china_moment(moment: datetime) -> ChinaMoment:
    return ChinaMoment(in_china(moment).isoformat(timespec="milliseconds"))


def china_second(moment: datetime) -> ChinaSecond:
    return ChinaSecond(in_china(moment).isoformat(timespec="seconds"))


def china_minute(moment: datetime) -> ChinaMinute:
    return ChinaMinute(in_china(moment).isoformat(" ", timespec="minutes")[: len("2024-04-17 08:00")])


def utc_second(moment: datetime) -> UtcSecond:
    return UtcSecond(moment.astimezone(UTC).isoformat(timespec="seconds"))


def zulu_moment(moment: datetime) -> ZuluMoment:
    return ZuluMoment(moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def day(moment: datetime) -> Day:
    """The day in China, which GitCode counts by."""
    return Day(in_china(moment).date().isoformat())


def moment(text: str) -> datetime:
    """Read any of the forms; one without a zone is China's, and a day is its first moment.

    Raises:
        UnknownShape: it is none of them.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UnknownShape("gitcode moment", text) from None
    return read if read.tzinfo else read.replace(tzinfo=CHINA)


def decoded(content: str, where: str) -> bytes:
    """Base64, with line breaks in it or without. Raises UnknownShape."""
    try:
        return b64decode("".join(content.split()), validate=True)
    except ValueError:
        raise UnknownShape(f"gitcode {where}", content) from None
