"""Whom a token stands for, and every namespace and repository that it sees, with a digest of what each has."""

from typing import Annotated, Final

import msgspec

from matou.forge.access import ALL_SCOPES, Scope
from matou.forge.content.copies import CopyableNamespace, CopyableRepository, copyable_namespaces, copyable_repositories
from matou.platforms.matou.wire import MatouAccount, MatouNamespace, MatouRepository
from matou.server.api.context import RequestContext
from matou.server.api.params import LARGEST_PAGE, Nothing, PageParameters
from matou.server.api.responses import ListPage
from matou.server.api.route import Route, Workload, plain_route

USUAL_SIZE: Final = 100
LARGEST_SIZE: Final = 1_000


class CopyPageParameters(PageParameters, frozen=True, kw_only=True):
    """`page` counts from 1; more than 1,000 a page is cut to that.

    What comes as one page is as the database had it at one moment, and need not be read a second time.
    """

    per_page: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_PAGE)] = USUAL_SIZE

    @property
    def limit(self) -> int:
        return min(self.per_page or USUAL_SIZE, LARGEST_SIZE)


def show_account(context: RequestContext, _: Nothing) -> MatouAccount:
    user = context.user
    return MatouAccount(id=user.id, login=user.name, display_name=user.display_name)


def list_namespaces(context: RequestContext, params: CopyPageParameters) -> ListPage:
    found, total = copyable_namespaces(context.forge, context.identity, offset=params.offset, limit=params.limit)
    return ListPage([_namespace_row(one) for one in found], total)


def list_repositories(context: RequestContext, params: CopyPageParameters) -> ListPage:
    found, total = copyable_repositories(context.forge, context.identity, offset=params.offset, limit=params.limit)
    return ListPage([_repository_row(one) for one in found], total)


def _namespace_row(one: CopyableNamespace) -> MatouNamespace:
    namespace = one.namespace
    return MatouNamespace(
        id=_lasting_id(namespace.id, namespace.source, namespace.source_id),
        path=str(namespace.path),
        kind=namespace.kind.value,
        display_name=namespace.display_name,
        description=namespace.description,
        created_at=namespace.created_at,
        archived=namespace.archived,
        metadata=one.metadata,
        withheld=one.withheld,
    )


def _repository_row(one: CopyableRepository) -> MatouRepository:
    repository = one.repository
    return MatouRepository(
        id=_lasting_id(repository.id, repository.read_only_source, repository.source_id),
        path=str(repository.path),
        visibility=repository.visibility.value,
        description=repository.description,
        default_branch=repository.default_branch,
        created_at=repository.created_at,
        last_push_at=repository.last_push_at,
        refs=one.refs,
        kept=one.kept,
        metadata=one.metadata,
        withheld=one.withheld,
    )


def _lasting_id(row_id: int, source: str | None, source_id: str | None) -> str:
    """Of what was backed up that of its source: the number of its row is another one in a database made anew."""
    return str(row_id) if source is None else f"{source} {source_id}"


ROUTES: tuple[Route, ...] = (
    plain_route("GET", "/account", Nothing, show_account, answer=MatouAccount, scopes=tuple(ALL_SCOPES)),
    plain_route(
        "GET",
        "/namespaces",
        CopyPageParameters,
        list_namespaces,
        answer=list[MatouNamespace],
        scopes=(Scope.PROJECT_READ, Scope.PROJECT_WRITE),
        workload=Workload.SLOW,
        choices="by path, so that those outside come before those inside them",
    ),
    plain_route(
        "GET",
        "/repositories",
        CopyPageParameters,
        list_repositories,
        answer=list[MatouRepository],
        scopes=(Scope.REPOSITORY_READ, Scope.REPOSITORY_WRITE),
        workload=Workload.SLOW,
        choices="by path; refs are read anew wherever a file that says something of them has changed",
    ),
)
