"""Types of columns that are the same in both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as whole microseconds since 1970 so that both databases sort and compare them alike.

    Every zone is taken, UTC comes back. A naive time is a fault of ours.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        try:
            return _EPOCH + value * _MICROSECOND
        except OverflowError:  # no clock of ours says so
            return datetime.max.replace(tzinfo=UTC) if value > 0 else datetime.min.replace(tzinfo=UTC)


class ReadableText(TypeDecorator[str]):
    """A name of git's as people read it: bytes that are not UTF-8 become U+FFFD, as no database takes them.

    Which branch is the default one is for the repository's HEAD to say; what stands here is told, and never followed
    where HEAD says something else.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
