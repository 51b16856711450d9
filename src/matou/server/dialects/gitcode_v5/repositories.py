"""11, 13, 14, 19, 20, 31, 33 and GET of one repository: made, shown, changed, archived, moved, deleted."""

from typing import Annotated

from msgspec import Meta

from matou.credentials import Secret
from matou.errors import MatouError
from matou.forge.access import Action, Scope
from matou.forge.repositories.lifecycle import (
    archive_repository,
    delete_repository,
    unarchive_repository,
)
from matou.forge.repositories.repository_creation import InitOptions, make_repository
from matou.forge.repositories.repository_metadata import RepositoryMetadata
from matou.forge.repositories.repository_update import RepositoryUpdate, change_repository
from matou.forge.repositories.transfers import require_password, transfer_repository
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.platforms.gitcode import wire
from matou.server.api.context import Call, RepositoryCall
from matou.server.api.params import InvalidParameter, Nothing, Parameters
from matou.server.api.router import Pace, Route, plain_route, repository_route
from matou.server.dialects.gitcode_v5.repository_object import repository_object

ACTIVE, ARCHIVED = 0, 2

VISIBILITIES = (Visibility.PRIVATE, Visibility.PUBLIC, Visibility.INTERNAL)
"""What `public` says: 0, 1 and 2."""


class NotOffered(MatouError):
    """Something of GitCode's later documents that a repository cannot be here."""


class CreateAsked(Parameters, frozen=True, kw_only=True):
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


class ChangeAsked(Parameters, frozen=True, kw_only=True):
    name: str = ""
    path: str = ""
    description: str | None = None
    homepage: str | None = None
    private: bool | None = None
    default_branch: str = ""
    lfs_enabled: bool | None = None


class StatusAsked(Parameters, frozen=True, kw_only=True):
    """`status`: ACTIVE or ARCHIVED."""

    status: int
    password: str = ""


class TransferToAsked(Parameters, frozen=True, kw_only=True):
    transfer_to: str
    password: str = ""


class TransferAsked(Parameters, frozen=True, kw_only=True):
    new_owner: str
    new_name: str = ""


def create_for_self(call: Call, asked: CreateAsked) -> wire.Repository:
    return _create(call, call.user.name, asked)


def create_in_organization(call: Call, asked: CreateAsked) -> wire.Repository:
    return _create(call, call.path["org"], asked)


def _create(call: Call, owner: str, asked: CreateAsked) -> wire.Repository:
    if asked.project_template or asked.repository_type != "code":
        raise NotOffered("a repository is neither made from a project template nor of another type than code")
    namespace = NamespacePath.parse(owner)
    where = RepositoryPath(namespace, asked.path or asked.name)
    made = make_repository(
        call.forge,
        call.identity,
        namespace,
        where.name,
        RepositoryMetadata(asked.name, asked.description, asked.homepage, asked.visibility),
        InitOptions(
            default_branch=asked.default_branch,
            has_readme=asked.auto_init,
            gitignore=asked.gitignore_template,
            license_name=asked.license_template,
            import_url=asked.import_url,
            modules={"has_issue": asked.has_issues, "has_wiki": asked.has_wiki, "can_comment": asked.can_comment},
        ),
        link=call.links.page(where),
    )
    return repository_object(call, made)


def show(call: RepositoryCall, _: Nothing) -> wire.Repository:
    return repository_object(call, call.repository)


def change(call: RepositoryCall, asked: ChangeAsked) -> wire.Repository:
    changes = RepositoryUpdate(
        name=asked.name or None,
        path=asked.path or None,
        description=asked.description,
        homepage=asked.homepage,
        visibility=_visibility(call, asked.private),
        default_branch=asked.default_branch or None,
        lfs_enabled=asked.lfs_enabled,
    )
    return repository_object(call, change_repository(call.forge, call.identity, call.repository, changes))


def _visibility(call: RepositoryCall, private: bool | None) -> Visibility | None:  # noqa: FBT001 - as it came
    """An internal repository is not private: to say so again does not open it to everybody."""
    if private is None or private == (call.repository.visibility is Visibility.PRIVATE):
        return None
    return Visibility.PRIVATE if private else Visibility.PUBLIC


def set_status(call: RepositoryCall, asked: StatusAsked) -> wire.Success:
    if asked.status not in (ACTIVE, ARCHIVED):
        raise InvalidParameter("status is {status}, and can be 0 or 2", status=asked.status)
    _require_password(call, asked.password)
    change_status = archive_repository if asked.status == ARCHIVED else unarchive_repository
    change_status(call.forge, call.repository, by=call.user)
    return wire.Success()


def transfer_to(call: RepositoryCall, asked: TransferToAsked) -> wire.Success:
    _require_password(call, asked.password)
    transfer_repository(call.forge, call.identity, call.repository, NamespacePath.parse(asked.transfer_to))
    return wire.Success()


def transfer(call: RepositoryCall, asked: TransferAsked) -> wire.Transferred:
    target = NamespacePath.parse(asked.new_owner)
    moved = transfer_repository(call.forge, call.identity, call.repository, target, new_path=asked.new_name)
    return wire.Transferred(new_owner=str(moved.path.namespace), new_name=moved.name)


def delete(call: RepositoryCall, _: Nothing) -> None:
    delete_repository(call.forge, call.repository)


def _require_password(call: RepositoryCall, password: str) -> None:
    require_password(call.forge, call.identity, Secret(password) if password else None)


_CREATED = (
    "`private` is false unless it is said, as the later documents have it, and true with `import_url`; `public` goes"
    " before it: 0 private, 1 public, 2 internal; a template makes a first commit, with or without `auto_init`;"
    " `import_url` goes with no template, need not end in .git, and is answered when all is there, or when nothing"
    " of it is left"
)
_PASSWORD = "the password may be left out; one that came must be the account's"  # noqa: S105 - a sentence

ROUTES: tuple[Route, ...] = (
    plain_route(
        20,
        "POST",
        "/orgs/{org}/repos",
        CreateAsked,
        create_in_organization,
        answer=wire.Repository,
        pace=Pace.LONG,
        scopes=(Scope.REPOSITORY_WRITE,),
        status=201,
        choices=_CREATED,
    ),
    plain_route(
        31,
        "POST",
        "/user/repos",
        CreateAsked,
        create_for_self,
        answer=wire.Repository,
        pace=Pace.LONG,
        scopes=(Scope.REPOSITORY_WRITE,),
        status=201,
        choices=_CREATED,
    ),
    repository_route(None, "GET", "/repos/{owner}/{repo}", Action.SEE, Nothing, show, answer=wire.Repository),
    repository_route(
        11,
        "PATCH",
        "/repos/{owner}/{repo}",
        Action.CHANGE_SETTINGS,
        ChangeAsked,
        change,
        answer=wire.Repository,
        choices=(
            "every field is optional, `name` too, which is the name that people see; `path` changes the URL, and the"
            " old URL leads to the new one; `private` is for owners; a fork is seen by no more people than its parent"
        ),
    ),
    repository_route(
        13,
        "PUT",
        "/org/{org}/repo/{repo}/status",
        Action.ADMINISTER,
        StatusAsked,
        set_status,
        answer=wire.Success,
        choices=_PASSWORD,
    ),
    repository_route(
        14,
        "POST",
        "/org/{org}/projects/{repo}/transfer",
        Action.TRANSFER,
        TransferToAsked,
        transfer_to,
        answer=wire.Success,
        choices=f"to an organization or one's own namespace, where one may create repositories; {_PASSWORD}",
    ),
    repository_route(19, "DELETE", "/repos/{owner}/{repo}", Action.DELETE, Nothing, delete, answer=None, status=204),
    repository_route(
        33,
        "POST",
        "/repos/{owner}/{repo}/transfer",
        Action.TRANSFER,
        TransferAsked,
        transfer,
        answer=wire.Transferred,
        choices="`new_name` is optional; to an organization or one's own namespace, as in 14",
    ),
)
