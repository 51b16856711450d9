"""The names that stand beside one another in a place: of its namespaces and repositories."""

from sqlalchemy import Connection, LargeBinary, Select, bindparam, cast, func, select

from matou.db.namespaces import NamespaceId
from matou.db.schema import namespaces, repositories

_PARENT = bindparam("parent_id", type_=namespaces.c.id.type)
_NAMESPACES = select(namespaces.c.path).where(namespaces.c.parent_id == _PARENT)
_OUTERMOST = select(namespaces.c.path).where(namespaces.c.parent_id.is_(None))
_REPOSITORIES = select(repositories.c.path).where(repositories.c.namespace_id == _PARENT)


def names_in(connection: Connection, parent_id: NamespaceId | None, *, beyond_ascii: bool = False) -> tuple[str, ...]:
    """The last part of every path directly below a namespace, or of every outermost one for None.

    Args:
        beyond_ascii: only of paths with a character that is not ASCII's.
    """
    asked = (_OUTERMOST,) if parent_id is None else (_NAMESPACES, _REPOSITORIES)
    statements = [_beyond_ascii(one) if beyond_ascii else one for one in asked]
    parameters = {} if parent_id is None else {_PARENT.key: parent_id}
    found = [path for one in statements for path in connection.execute(one, parameters).scalars()]
    return tuple(path.rpartition("/")[2] for path in found)


def _beyond_ascii(statement: Select[tuple[str]]) -> Select[tuple[str]]:
    """A path in ASCII has as many bytes as characters."""
    path = statement.selected_columns[0]
    return statement.where(func.length(cast(path, LargeBinary)) != func.length(path))
