"""22: the forks of a repository."""

import msgspec

from matou.db.forks import ForkOrder
from matou.forge.access import MaySee
from matou.forge.repositories.stars import visible_forks
from matou.platforms.gitcode import wire
from matou.platforms.gitcode.enums import ForkSort
from matou.server.api.context import RepositoryContext
from matou.server.api.params import PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import repository_route
from matou.server.api.time_ranges import AFTER_AND_BEFORE, read_between
from matou.server.dialects.gitcode_v5.repository_object import repository_objects

_TYPES = {"user": "personal", "group": "organization", "enterprise": "organization"}


class ForksQuery(PageParameters, frozen=True, kw_only=True):
    sort: ForkSort = ForkSort.NEWEST
    created_after: str = ""
    created_before: str = ""


def list_forks(context: RepositoryContext[MaySee], params: ForksQuery) -> ListPage:
    repositories, total = visible_forks(
        context.forge,
        context.granted,
        order=ForkOrder(params.sort.value),
        between=read_between("created", params.created_after, params.created_before),
        offset=params.offset,
        limit=params.limit,
    )
    parent, *shown = repository_objects(context, (context.granted, *repositories))
    return ListPage([_as_fork(fork, parent) for fork in shown], total)


def _as_fork(fork: wire.GitCodeRepository, parent: wire.GitCodeRepository) -> wire.GitCodeRepository:
    """This list has words of its own for the kinds of namespaces, numbers for owners, no status, and a whole parent."""
    parent_object = fork.parent
    if isinstance(parent_object, wire.Parent):
        parent_object = msgspec.structs.replace(parent_object, namespace=_in_words_of_forks(parent.namespace))
    owner = _with_number(fork.owner) if isinstance(fork.owner, wire.Person) else fork.owner
    namespace = _in_words_of_forks(fork.namespace)
    return msgspec.structs.replace(fork, namespace=namespace, owner=owner, parent=parent_object, status="")


def _in_words_of_forks(namespace: wire.GitCodeNamespace) -> wire.GitCodeNamespace:
    kind = namespace.type if isinstance(namespace.type, str) else ""
    return msgspec.structs.replace(namespace, type=_TYPES.get(kind, kind))


def _with_number(owner: wire.Person) -> wire.Person:
    return msgspec.structs.replace(owner, id=int(owner.id)) if isinstance(owner.id, str) else owner


ROUTES = (
    repository_route(
        "GET",
        "/repos/{owner}/{repo}/forks",
        MaySee,
        ForksQuery,
        list_forks,
        section=22,
        answer=list[wire.GitCodeRepository],
        choices=(
            "direct forks, as far as the caller may see them: others are not counted either; the newest first by"
            f" default; `namespace.type` is personal or organization here alone; {AFTER_AND_BEFORE}"
        ),
    ),
)
