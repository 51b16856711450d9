"""The repository as every answer holds it: GitCode's two shapes in one object."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from matou.db.memberships import Role
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_details import RepositoryFacts
from matou.db.users import User
from matou.forge.access import REPOSITORY_POLICY, AccessLevel, Action, Authorized, MaySee
from matou.forge.repositories.repository_lists import repository_facts
from matou.model.platform import Visibility
from matou.platforms.gitcode import wire
from matou.server.api.context import RequestContext
from matou.server.api.links import Links

ACTIVE, ARCHIVED = "开始", "关闭"

_LEVELS = {Visibility.PRIVATE: 0, Visibility.INTERNAL: 10, Visibility.PUBLIC: 20}
_RELATIONS = {
    Role.GUEST: "guest",
    Role.REPORTER: "reporter",
    Role.DEVELOPER: "developer",
    Role.MAINTAINER: "master",
    Role.OWNER: "master",
}


def repository_object(context: RequestContext, repository: Repository) -> wire.GitCodeRepository:
    return _objects(context, (repository,))[0]


def repository_objects(
    context: RequestContext, listed: Sequence[Authorized[Repository, MaySee]]
) -> list[wire.GitCodeRepository]:
    """For a list: what is told of all of them is asked for at once."""
    return _objects(context, [granted.subject for granted in listed])


def _objects(context: RequestContext, repositories: Sequence[Repository]) -> list[wire.GitCodeRepository]:
    facts = repository_facts(context.forge, context.identity, repositories)
    return [
        _repository(context, repository, facts[repository.id]) for repository in repositories if repository.id in facts
    ]


def _repository(context: RequestContext, repository: Repository, facts: RepositoryFacts) -> wire.GitCodeRepository:
    links, path = context.links, repository.path
    page, api, git = links.page(path), links.repository_api(path), links.git(path)
    owner = _owner(links, facts)
    is_private = repository.visibility is Visibility.PRIVATE
    parent = None if facts.parent is None else _parent(links, facts.parent)
    return wire.GitCodeRepository(
        id=repository.id,
        full_name=str(path),
        human_name=_human_name(facts.namespace, repository),
        url=api,
        namespace=namespace_object(links, facts.namespace, repository.visibility),
        path=path.name,
        name=repository.true_name,
        description=repository.description,
        status=ARCHIVED if repository.archived else ACTIVE,
        html_url=git,
        web_url=page,
        http_url_to_repo=git,
        ssh_url_to_repo="",
        readme_url=page,
        homepage=repository.homepage,
        created_at=_moment(repository.created_at),
        updated_at=wire.china_moment(repository.updated_at),
        pushed_at=None if repository.last_push_at is None else wire.china_moment(repository.last_push_at),
        default_branch=repository.default_branch,
        private=is_private,
        public=repository.visibility is Visibility.PUBLIC,
        internal=repository.visibility is Visibility.INTERNAL,
        visibility=repository.visibility.value,
        fork=facts.is_fork,
        parent=parent,
        parentfull_name="" if facts.parent is None else str(facts.parent.path),
        forked_from_project=parent,
        owner=owner,
        creator=None if facts.creator is None else _creator(facts.creator),
        assigner=owner,
        assignee=[],
        assignees_number=0,
        members=[owner.login] if isinstance(owner.login, str) else [],
        project_creator=UNSET if facts.creator is None else facts.creator.name,
        relation=_RELATIONS.get(facts.role, "") if facts.role is not None else "",
        permission=_permission(context, repository, facts),
        enterprise=wire.GitCodeEnterprise(
            id=facts.root.id,
            path=str(facts.root.path),
            html_url=links.page(facts.root.path),
            type=_type(facts.root, outermost="enterprise"),
        ),
        forks_count=facts.counts.forks,
        stargazers_count=facts.counts.stars,
        watchers_count=facts.counts.watches,
        open_issues_count=0,
        starred=facts.is_starred,
        watched=facts.is_watched,
        empty_repo=None,
        has_issue=facts.modules.has_issue,
        has_issues=facts.modules.has_issue,
        has_wiki=facts.modules.has_wiki,
        issue_template_source="project",
        project_labels=[],
        language=None,
        main_repository_language=None,
        item_type=None,
        repo_type="code",
        repository_type="code",
        license="",
        lfs_enabled=facts.features.lfs_enabled,
    )


def namespace_object(links: Links, namespace: Namespace, visibility: Visibility) -> wire.GitCodeNamespace:
    """Its level is that of the repository it is told with: namespaces have none of their own here."""
    name = namespace.display_name or namespace.name
    is_users = namespace.kind is NamespaceKind.USER
    return wire.GitCodeNamespace(
        id=namespace.id,
        type=_type(namespace),
        name=name,
        path=str(namespace.path),
        html_url=links.page(namespace.path),
        develop_mode="normal",
        region=None,
        cell="default",
        kind="user" if is_users else "group",
        full_path=str(namespace.path),
        full_name=name,
        parent_id=namespace.parent_id,
        visibility_level=_LEVELS[visibility],
        enable_file_control=False,
        owner_id=namespace.creator_id if is_users else None,
    )


def person_object(links: Links, user: User) -> wire.Person:
    """A user within something else; the id is a number in quotes there."""
    return wire.Person(
        id=str(user.id),
        login=user.name,
        name=user.display_name,
        avatar_url="",
        html_url=links.user(user.name),
        type="User",
        url=links.api("users", user.name),
    )


def _type(namespace: Namespace, *, outermost: str = "group") -> str:
    return "user" if namespace.kind is NamespaceKind.USER else outermost


def _owner(links: Links, facts: RepositoryFacts) -> wire.Person:
    """Whose namespace it is; in an organization whoever made the repository; else the namespace stands for them."""
    is_users = facts.namespace.kind is NamespaceKind.USER
    person = facts.namespace_creator if is_users else facts.creator or facts.namespace_creator
    if person is not None:
        return person_object(links, person)
    namespace = facts.namespace
    return wire.Person(
        id=str(namespace.id),
        login=str(namespace.path),
        name=namespace.display_name,
        avatar_url="",
        html_url=links.page(namespace.path),
        type="Organization",
        url=links.api("orgs", str(namespace.path)),
    )


def _creator(user: User) -> wire.Creator:
    return wire.Creator(
        id=user_id(user), arts_id=str(user.id), email="", nickname=user.display_name, photo="", username=user.name
    )


def user_id(user: User) -> str:
    """24 hexadecimal digits, where GitCode has them; made of the row's number."""
    return f"{user.id:024x}"


def _parent(links: Links, parent: Repository) -> wire.Parent:
    return wire.Parent(
        id=parent.id,
        full_name=str(parent.path),
        human_name=f"{parent.path.namespace} / {parent.true_name}",
        url=links.repository_api(parent.path),
    )


def _human_name(namespace: Namespace, repository: Repository) -> str:
    return f"{namespace.display_name or namespace.name} / {repository.true_name}"


def _permission(context: RequestContext, repository: Repository, facts: RepositoryFacts) -> wire.GitCodePermission:
    """What the account may do, whatever the token is good for and whether the repository is archived."""
    level = _level(context, facts)

    def may(action: Action) -> bool:
        return level >= REPOSITORY_POLICY[action].least(repository.visibility)

    return wire.GitCodePermission(
        pull=may(Action.READ_CODE), push=may(Action.WRITE_CODE), admin=may(Action.CHANGE_SETTINGS)
    )


def _level(context: RequestContext, facts: RepositoryFacts) -> AccessLevel:
    user = context.identity.user
    if user is None:
        return AccessLevel.NOBODY
    if user.admin:
        return AccessLevel.ADMINISTRATOR
    return AccessLevel.SIGNED_IN if facts.role is None else AccessLevel(facts.role.value)


def _moment(moment: datetime | None) -> wire.ChinaMoment | UnsetType:
    return UNSET if moment is None else wire.china_moment(moment)
