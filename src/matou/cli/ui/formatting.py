"""How values look on a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

MINUTES_OF_TWO_DAYS = 2 * 24 * 60


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines in which what belongs together stands below each other; a Chinese character is as wide as two others."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def size(count: int) -> str:
    """Bytes in decimal units, as disks are sold."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def local_time(moment: datetime) -> str:
    """As the clock on the wall shows it; the first and the last hours of all years as that of UTC."""
    try:
        here = moment.astimezone()
    except (OverflowError, ValueError):
        here = moment
    return f"{here:%Y-%m-%d %H:%M:%S}"


def duration(time: timedelta) -> str:
    """As exactly as it is known: of two moments in whole seconds, as a manifest keeps them, without a tenth."""
    seconds = time.total_seconds()
    if not time:
        return "< 1 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if time.microseconds else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= MINUTES_OF_TWO_DAYS:
        return f"{minutes // 1440} d {minutes % 1440 // 60} h"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"
