"""11, 13, 14, 19, 20, 31, 33 and GET of one repository: made, shown, changed, archived, moved, deleted."""

from typing import Annotated

from msgspec import Meta

from matou.credentials import Secret
from matou.errors import Invalid
from matou.forge.access import MayAdminister, MayChangeSettings, MayDelete, MaySee, MayTransfer, Scope
from matou.forge.repositories.init_options import InitOptions, make_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_moves import delete_repository, require_password, transfer_repository
from matou.forge.repositories.repository_update import (
    RepositoryUpdate,
    archive_repository,
    change_repository,
    unarchive_repository,
)
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.platforms.gitcode import wire
from matou.server.api.context import RepositoryContext, RequestContext
from matou.server.api.params import InvalidParameter, Nothing, Parameters
from matou.server.api.route import Route, Workload, plain_route, repository_route
from matou.server.dialects.gitcode_v5.repository_object import repository_object

ACTIVE, ARCHIVED = 0, 2

VISIBILITIES = (Visibility.PRIVATE, Visibility.PUBLIC, Visibility.INTERNAL)
"""What `public` says: 0, 1 and 2."""


class UnsupportedRepositoryType(Invalid):
    """Something of GitCode's later documents that a repository cannot be here."""


class CreateRepositoryParams(Parameters, frozen=True, kw_only=True):
    name: str
    path: str = ""
    description: str = ""
    homepage: str = ""
    private: bool | None = None
    public: Annotated[int, Meta(ge=0, le=2)] | None = None
    has_issues: bool = True
    has_wiki: bool = True
    can_comment: bool = True
    auto_init: bool = False
    gitignore_template: str = ""
    license_template: str = ""
    default_branch: str = ""
    import_url: str = ""
    project_template: str = ""
    repository_type: str = "code"

    @property
    def visibility(self) -> Visibility:
        if self.public is not None:
            return VISIBILITIES[self.public]
        private = bool(self.import_url) if self.private is None else self.private
        return Visibility.PRIVATE if private else Visibility.PUBLIC


class UpdateRepositoryParams(Parameters, frozen=True, kw_only=True):
    name: str = ""
    path: str = ""
    description: str | None = None
    homepage: str | None = None
    private: bool | None = None
    default_branch: str = ""
    lfs_enabled: bool | None = None


class RepositoryStatusParams(Parameters, frozen=True, kw_only=True):
    """`status`: ACTIVE or ARCHIVED."""

    status: int
    password: str = ""


class OrganizationTransferParams(Parameters, frozen=True, kw_only=True):
    transfer_to: str
    password: str = ""


class TransferRepositoryParams(Parameters, frozen=True, kw_only=True):
    new_owner: str
    new_name: str = ""


def create_for_self(context: RequestContext, params: CreateRepositoryParams) -> wire.GitCodeRepository:
    return _create(context, context.user.name, params)


def create_in_organization(context: RequestContext, params: CreateRepositoryParams) -> wire.GitCodeRepository:
    return _create(context, context.path["org"], params)


def _create(context: RequestContext, owner: str, params: CreateRepositoryParams) -> wire.GitCodeRepository:
    if params.project_template or params.repository_type != "code":
        raise UnsupportedRepositoryType(
            "a repository is neither made from a project template nor of another type than code"
        )
    namespace = NamespacePath.parse(owner)
    where = RepositoryPath(namespace, params.path or params.name)
    made = make_repository(
        context.forge,
        context.identity,
        namespace,
        where.name,
        RepositoryMetadata(params.name, params.description, params.homepage, params.visibility),
        InitOptions(
            default_branch=params.default_branch,
            has_readme=params.auto_init,
            gitignore=params.gitignore_template,
            license_name=params.license_template,
            import_url=params.import_url,
            modules={"has_issue": params.has_issues, "has_wiki": params.has_wiki, "can_comment": params.can_comment},
        ),
        link=context.links.page(where),
    )
    return repository_object(context, made)


def show(context: RepositoryContext[MaySee], _: Nothing) -> wire.GitCodeRepository:
    return repository_object(context, context.repository)


def change(context: RepositoryContext[MayChangeSettings], params: UpdateRepositoryParams) -> wire.GitCodeRepository:
    changes = RepositoryUpdate(
        name=params.name or None,
        path=params.path or None,
        description=params.description,
        homepage=params.homepage,
        visibility=_visibility(context, params.private),
        default_branch=params.default_branch or None,
        lfs_enabled=params.lfs_enabled,
    )
    return repository_object(context, change_repository(context.forge, context.granted, changes))


def _visibility(context: RepositoryContext[MaySee], private: bool | None) -> Visibility | None:  # noqa: FBT001 - as it came
    """An internal repository is not private: to say so again does not open it to everybody."""
    if private is None or private == (context.repository.visibility is Visibility.PRIVATE):
        return None
    return Visibility.PRIVATE if private else Visibility.PUBLIC


def set_status(context: RepositoryContext[MayAdminister], params: RepositoryStatusParams) -> wire.Success:
    if params.status not in (ACTIVE, ARCHIVED):
        raise InvalidParameter("status is {status}, and can be 0 or 2", status=params.status)
    _require_password(context, params.password)
    change_status = archive_repository if params.status == ARCHIVED else unarchive_repository
    change_status(context.forge, context.granted)
    return wire.Success()


def transfer_to(context: RepositoryContext[MayTransfer], params: OrganizationTransferParams) -> wire.Success:
    _require_password(context, params.password)
    transfer_repository(context.forge, context.granted, NamespacePath.parse(params.transfer_to))
    return wire.Success()


def transfer(context: RepositoryContext[MayTransfer], params: TransferRepositoryParams) -> wire.Transferred:
    target = NamespacePath.parse(params.new_owner)
    moved = transfer_repository(context.forge, context.granted, target, new_path=params.new_name)
    return wire.Transferred(new_owner=str(moved.path.namespace), new_name=moved.name)


def delete(context: RepositoryContext[MayDelete], _: Nothing) -> None:
    delete_repository(context.forge, context.granted)


def _require_password(context: RepositoryContext[MaySee], password: str) -> None:
    require_password(context.forge, context.identity, Secret(password) if password else None)


_CREATED = (
    "`private` is false unless it is said, as the later documents have it, and true with `import_url`; `public` goes"
    " before it: 0 private, 1 public, 2 internal; a template makes a first commit, with or without `auto_init`;"
    " `import_url` goes with no template, need not end in .git, and is answered when all is there, or when nothing"
    " of it is left"
)
_PASSWORD = "the password may be left out; one that came must be the account's"  # noqa: S105 - a sentence

ROUTES: tuple[Route, ...] = (
    plain_route(
        "POST",
        "/orgs/{org}/repos",
        CreateRepositoryParams,
        create_in_organization,
        section=20,
        answer=wire.GitCodeRepository,
        workload=Workload.LONG,
        scopes=(Scope.REPOSITORY_WRITE,),
        status=201,
        choices=_CREATED,
    ),
    plain_route(
        "POST",
        "/user/repos",
        CreateRepositoryParams,
        create_for_self,
        section=31,
        answer=wire.GitCodeRepository,
        workload=Workload.LONG,
        scopes=(Scope.REPOSITORY_WRITE,),
        status=201,
        choices=_CREATED,
    ),
    repository_route("GET", "/repos/{owner}/{repo}", MaySee, Nothing, show, answer=wire.GitCodeRepository),
    repository_route(
        "PATCH",
        "/repos/{owner}/{repo}",
        MayChangeSettings,
        UpdateRepositoryParams,
        change,
        section=11,
        answer=wire.GitCodeRepository,
        choices=(
            "every field is optional, `name` too, which is the name that people see; `path` changes the URL, and the"
            " old URL leads to the new one; `private` is for owners; a fork is seen by no more people than its parent"
        ),
    ),
    repository_route(
        "PUT",
        "/org/{org}/repo/{repo}/status",
        MayAdminister,
        RepositoryStatusParams,
        set_status,
        section=13,
        answer=wire.Success,
        choices=_PASSWORD,
    ),
    repository_route(
        "POST",
        "/org/{org}/projects/{repo}/transfer",
        MayTransfer,
        OrganizationTransferParams,
        transfer_to,
        section=14,
        answer=wire.Success,
        choices=f"to an organization or one's own namespace, where one may create repositories; {_PASSWORD}",
    ),
    repository_route(
        "DELETE", "/repos/{owner}/{repo}", MayDelete, Nothing, delete, section=19, answer=None, status=204
    ),
    repository_route(
        "POST",
        "/repos/{owner}/{repo}/transfer",
        MayTransfer,
        TransferRepositoryParams,
        transfer,
        section=33,
        answer=wire.Transferred,
        choices="`new_name` is optional; to an organization or one's own namespace, as in 14",
    ),
)
