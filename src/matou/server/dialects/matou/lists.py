"""Whom a token stands for, and every namespace and repository that it sees, with a digest of what each has."""

from matou.forge.access import ALL_SCOPES, MaySee, Scope, authorize_namespace
from matou.forge.content.copies import (
    CopyableNamespace,
    CopyableRepository,
    copyable_icon,
    copyable_namespaces,
    copyable_repositories,
)
from matou.model.names import NamespacePath
from matou.platforms.matou.wire import MatouAccount, MatouNamespace, MatouRepository
from matou.server.api.context import RequestContext
from matou.server.api.params import Nothing, Parameters
from matou.server.api.responses import NO_STORE, Bytes, ListPage
from matou.server.api.route import Route, Workload, plain_route
from matou.server.dialects.matou.pages import CopyPageParameters
from matou.server.dialects.matou.runs import withheld_runs

_INERT = (b"content-type", b"application/octet-stream")
"""Nobody knows what it is: what was saved as an icon."""


def show_account(context: RequestContext, _: Nothing) -> MatouAccount:
    user = context.user
    return MatouAccount(id=user.id, login=user.name, display_name=user.display_name, withheld=withheld_runs(context))


def list_namespaces(context: RequestContext, params: CopyPageParameters) -> ListPage:
    found, total = copyable_namespaces(context.forge, context.identity, offset=params.offset, limit=params.limit)
    return ListPage([_namespace_row(one) for one in found], total)


class IconParameters(Parameters, frozen=True, kw_only=True):
    """`namespace` is its whole path, `digest` what the list said: what is no longer so is not there."""

    namespace: str
    digest: str


def show_icon(context: RequestContext, params: IconParameters) -> Bytes:
    path = NamespacePath.parse(params.namespace)
    granted = authorize_namespace(context.forge, context.identity, MaySee, path)
    return Bytes(copyable_icon(context.forge, granted, params.digest), (_INERT, NO_STORE))


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
        icon=namespace.icon,
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
        "/icon",
        IconParameters,
        show_icon,
        answer=bytes,
        scopes=(Scope.PROJECT_READ, Scope.PROJECT_WRITE),
        choices="its bytes as they were saved, never shown by a browser; 404 where the namespace has another one",
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
