"""The processes below one. Linux only: it looks into /proc."""

from pathlib import Path


def descendants(pid: int) -> dict[int, str]:
    """Process ids with their command lines; without those that end while this looks."""
    found: dict[int, str] = {}
    for child in _children(pid):
        command_line = _content(Path(f"/proc/{child}/cmdline")).replace("\0", " ")
        found |= ({child: command_line} if command_line else {}) | descendants(child)
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for task in tasks for child in _content(task / "children").split()]


def _content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
