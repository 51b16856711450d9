"""How values look on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from matou.errors import MatouError


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


def faults_as_json(faults: Mapping[str, MatouError]) -> list[dict[str, str]]:
    """Of each path what is wrong there, as every command that has such a list writes it."""
    return [{"path": path, "detail": str(fault)} for path, fault in faults.items()]


def local_time(moment: datetime) -> str:
    """As the clock on the wall shows it; the first and the last hours of all years as that of UTC."""
    try:
        here = moment.astimezone()
    except (OverflowError, ValueError):
        here = moment
    return f"{here:%Y-%m-%d %H:%M:%S}"
