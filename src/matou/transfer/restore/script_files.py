"""The texts that the well-known backup script for CODING writes beside what it clones."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime | None) -> str:
    """A time as CODING gives it: milliseconds since 1970, 0 where it does not know."""
    return "0" if moment is None else str((moment - EPOCH) // timedelta(milliseconds=1))


def lines_of_script(name: str, description: str, created_at: datetime | None) -> bytes:
    """A line each, and none ends the last."""
    return f"{name}\n{description}\n{milliseconds(created_at)}".encode("utf-8", "surrogatepass")
