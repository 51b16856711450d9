"""Lists as tests compare them: the rows themselves, and all that there is, as the operator sees it."""

from typing import Any, TypeVar

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import OPERATOR, GrantedPage
from matou.forge.accounts.namespaces import visible_children
from matou.forge.forge import Forge
from matou.forge.repositories.repository_lists import visible_repositories

Row = TypeVar("Row", Repository, Namespace)


def rows_of(page: GrantedPage[Row]) -> tuple[tuple[Row, ...], int]:
    """Of what was authorized the subjects, and how many there are in all."""
    listed, total = page
    return tuple(granted.subject for granted in listed), total


def repositories_in(forge: Forge, namespace: Namespace | None, **narrowed: Any) -> tuple[tuple[Repository, ...], int]:
    """Those of a namespace (None: all), by path, and how many there are in all."""
    return rows_of(visible_repositories(forge, OPERATOR, namespace, **narrowed))


def child_namespaces(forge: Forge, parent: Namespace | None, **narrowed: Any) -> tuple[tuple[Namespace, ...], int]:
    """Those directly below (None: the outermost), by path, and how many there are in all."""
    return rows_of(visible_children(forge, OPERATOR, parent, **narrowed))
