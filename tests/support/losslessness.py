"""Whether what is made of an object has all of it: each value of it is changed in turn, and the outcome must differ."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from typing import Any

from matou.errors import UnknownShape

Path = tuple[str | int, ...]


def lost(value: dict[str, Any], made_of: Callable[[Any], object]) -> set[str]:
    """The keys whose values may change and nothing that is made changes, as `head.user.url`; lists have no number."""
    whole = repr(made_of(value))
    return {_named(path) for path in _leaves(value) if _outcome(_changed(value, path), made_of) == whole}


def with_people_apart(value: Any) -> Any:
    """Everybody who is named somewhere is somebody else: what is told of one person twice is kept once."""
    numbers = count(1)

    def apart(within: Any) -> Any:
        if isinstance(within, list):
            return [apart(each) for each in within]
        if not isinstance(within, dict):
            return within
        own = {"id": next(numbers), "login": f"person{next(numbers)}"} if "login" in within else {}
        return {key: apart(each) for key, each in within.items()} | own

    return apart(value)


def _outcome(value: Any, made_of: Callable[[Any], object]) -> str:
    try:
        return repr(made_of(value))
    except UnknownShape:
        return "refused"  # and so nothing is lost


def _named(path: Path) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, key))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _leaves(each, (*path, number))
    elif value is not None:
        yield path


def _changed(value: Any, path: Path) -> Any:
    copy = deepcopy(value)
    within = copy
    for part in path[:-1]:
        within = within[part]
    within[path[-1]] = _other(within[path[-1]])
    return copy


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        is_time = len(value) > 9 and value[:4].isdigit() and value[4] == "-"
        return f"{int(value[:4]) + 1}{value[4:]}" if is_time else f"{value}9"
    return ["another"] if isinstance(value, list) else {"another": 1}
