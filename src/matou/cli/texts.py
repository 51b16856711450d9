"""How values look on a terminal."""

import unicodedata
from datetime import timedelta


def printable(text: str) -> str:
    """The text with every control, format and surrogate character escaped: a name must not move the cursor."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode() if unicodedata.category(character)[0] == "C" else character


def size(count: int) -> str:
    """Bytes in decimal units, as disks are sold."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def duration(time: timedelta) -> str:
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"
