"""Namespaces that a target does not have: told before anything is changed there, and made where somebody asked for it.

Nothing is made unasked: on a public platform an organization takes a name from everybody else, often for good, and
a name that was mistyped looks exactly like one that is still to be made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matou.errors import Conflict, NotFound
from matou.model.targets import TargetRepository
from matou.platforms.base.target import MigrationTarget
from matou.transfer.migrate.mapping import TargetPath
from matou.transfer.migrate.repository import target_key

NAME_ANOTHER = "name a namespace that is there, with --namespace or in the map"
MAKE_IT_THERE = (
    "name a namespace that is there, with --namespace or in the map, or have it made on the server: "
    "matou org create NAME --owner USER --root DIR"
)
MAKE_IT_INSIDE = (
    "name a namespace that is there, with --namespace or in the map, or have it made on the server: "
    "matou org create NAME --parent NAMESPACE --owner USER --root DIR"
)


class MissingNamespace(NotFound):
    """A repository is to go to a namespace that the target does not have, or not for this account."""


@dataclass(frozen=True, slots=True)
class TargetState:
    """What a target has where repositories are to go.

    Attributes:
        existing: by the folded namespace and name.
        missing: the namespaces that are not there, each with what the target said.
    """

    existing: Mapping[tuple[str, str], TargetRepository]
    missing: Mapping[str, NotFound]


def read_target_state(target: MigrationTarget, namespaces: Iterable[str]) -> TargetState:
    """List every one of these namespaces. Raises what the target raises, but for NotFound."""
    existing: dict[tuple[str, str], TargetRepository] = {}
    missing: dict[str, NotFound] = {}
    for namespace in namespaces:
        try:
            for repository in target.repositories(namespace):
                existing[target_key(TargetPath(repository.namespace, repository.name))] = repository
        except NotFound as answer:
            missing[namespace] = answer
    return TargetState(existing, missing)


def require_namespaces(target: MigrationTarget, missing: Mapping[str, NotFound], *, makes_missing: bool) -> None:
    """Raises MissingNamespace where one cannot be made, or nobody asked for it."""
    for namespace, answer in missing.items():
        fault = target.fault_of_new_namespace(namespace)
        if fault is not None:
            raise MissingNamespace(
                "{namespace} is not at the target, or not for this account, and cannot be made: {fault}",
                namespace=repr(namespace),
                fault=fault,
                advice=(MAKE_IT_INSIDE if "/" in namespace else MAKE_IT_THERE)
                if target.platform == "matou"
                else NAME_ANOTHER,
            ) from answer
    if missing and not makes_missing:
        raise MissingNamespace(
            "the target has no {namespaces}, or not for this account",
            namespaces=", ".join(map(repr, missing)),
            advice="put a mistyped name right, or have it made with --create-namespaces",
        ) from next(iter(missing.values()))


def make_namespaces(target: MigrationTarget, missing: Iterable[str]) -> None:
    """Raises MatouError where the platform does not make one; those before it are there then."""
    for namespace in missing:
        try:
            target.create_namespace(namespace)
        except Conflict as conflict:
            _require_ours(target, namespace, conflict)


def _require_ours(target: MigrationTarget, namespace: str, conflict: Conflict) -> None:
    """An answer that did not reach us made it all the same; what is somebody else's is not to be seen still."""
    try:
        for _ in target.repositories(namespace):
            return
    except NotFound:
        raise conflict from None
