"""GitHub's projects as boards: a column for each status, and all fields of all items in `extra`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matou.errors import UnknownShape
from matou.model.metadata import Board, BoardColumn, JsonObject

STATUS: Final = "Status"
"""The field that every project has, and whose options its board shows as columns."""

WITHOUT_STATUS: Final = "No Status"
_UNSAVED: Final = ("node", "id", "title", "url", "updates")


@dataclass(frozen=True, slots=True)
class ProjectWithItems:
    """A project as it came; an item is None where it may not be seen."""

    value: JsonObject
    items: Sequence[object]


def boards_of(projects: Iterable[ProjectWithItems], path: str) -> tuple[Board, ...]:
    """Raises UnknownShape.

    Args:
        path: `owner/name` of the repository whose items stand in the columns; those of others are in `extra` alone.
    """
    return tuple(_board_of(project, path) for project in projects)


def _board_of(project: ProjectWithItems, path: str) -> Board:
    value = project.value
    id_, title = value.get("id"), value.get("title")
    if not isinstance(title, str) or not isinstance(id_, int | str) or isinstance(id_, bool):
        raise UnknownShape("github ProjectV2", value)
    items = [item for item in project.items if isinstance(item, Mapping)]
    unseen = len(project.items) - len(items)
    extra = {key: given for key, given in value.items() if key not in _UNSAVED and given is not None}
    return Board(
        id=str(id_),
        name=title,
        columns=_columns_of(value, items, path),
        confidential=None if value.get("public") is True else True,
        url=_text(value.get("url")),
        extra={**extra, "updates": _updates_of(value), "items": items, **({"unseen_items": unseen} if unseen else {})},
    )


def _columns_of(project: JsonObject, items: Sequence[JsonObject], path: str) -> tuple[BoardColumn, ...]:
    """In the order of the options; what is archived is in none."""
    names = [*_options_of(project), (None, WITHOUT_STATUS)]
    numbers: dict[object, list[str]] = {id_: [] for id_, _ in names}
    for item in items:
        number = _number_of(item, path)
        if number is not None and item.get("archived") is not True:
            option = _status_of(item)
            numbers[option if option in numbers else None].append(number)
    return tuple(
        BoardColumn(id=id_, name=name, items=tuple(numbers[id_])) for id_, name in names if id_ or numbers[id_]
    )


def _updates_of(project: JsonObject) -> list[JsonObject]:
    """What was reported of its state. Raises UnknownShape: there are more than are asked for."""
    updates = project.get("updates")
    page = updates.get("pageInfo") if isinstance(updates, Mapping) else None
    if isinstance(page, Mapping) and page.get("hasNextPage") is True:
        raise UnknownShape("github ProjectV2.statusUpdates, of which there are more than a hundred", page)
    return _nodes(updates)


def _options_of(project: JsonObject) -> list[tuple[str | None, str]]:
    for field in _nodes(project.get("fields")):
        if field.get("name") == STATUS and isinstance(field.get("options"), list):
            given = [option for option in _list(field.get("options")) if isinstance(option, Mapping)]
            return [(str(option.get("id")), str(option.get("name"))) for option in given]
    return []


def _status_of(item: JsonObject) -> str | None:
    for value in _nodes(item.get("values")):
        field = value.get("field")
        if isinstance(field, Mapping) and field.get("name") == STATUS:
            return _text(value.get("option_id"))
    return None


def _number_of(item: JsonObject, path: str) -> str | None:
    content = item.get("content")
    if not isinstance(content, Mapping):
        return None
    repository, number = content.get("repository"), content.get("number")
    is_own = isinstance(repository, Mapping) and str(repository.get("path")).lower() == path.lower()
    return str(number) if is_own and type(number) is int else None


def _nodes(connection: object) -> list[JsonObject]:
    nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
    return [node for node in _list(nodes) if isinstance(node, Mapping)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
