"""The project as every answer holds it, and the people in it."""

from collections.abc import Sequence

from matou.db.memberships import Role
from matou.db.namespaces import Namespace, NamespaceId, NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_details import RepositoryFacts
from matou.db.users import User, UserId
from matou.forge.access import Authorized, MaySee, no_such_repository
from matou.forge.repositories.repository_lists import repository_facts
from matou.model.platform import Visibility
from matou.platforms.gitee import wire_v3 as wire
from matou.server.api.context import RequestContext
from matou.server.dialects.gitee_v3.links import portrait_url

BRANCH_OF_EMPTY = "master"
NOBODY = 0

_RELATIONS = {
    Role.GUEST: "guest",
    Role.REPORTER: "reporter",
    Role.DEVELOPER: "developer",
    Role.MAINTAINER: "master",
    Role.OWNER: "master",
}


def project_object(context: RequestContext, repository: Repository) -> wire.GiteeV3Project:
    """With what the one who asks has to do with it. Raises NoSuchRepository where it went away meanwhile."""
    facts = repository_facts(context.forge, context.identity, (repository,)).get(repository.id)
    if facts is None:
        raise no_such_repository(repository.path)
    return _project(
        _Shown(context),
        repository,
        facts,
        stared=facts.is_starred,
        watched=facts.is_watched,
        relation=None if facts.role is None else _RELATIONS[facts.role],
    )


def project_objects(
    context: RequestContext, listed: Sequence[Authorized[Repository, MaySee]]
) -> list[wire.GiteeV3Project]:
    """For a list, where `stared`, `watched` and `relation` are null: what is told of all is asked for at once."""
    repositories = [granted.subject for granted in listed]
    facts, shown = repository_facts(context.forge, context.identity, repositories), _Shown(context)
    return [_project(shown, repository, facts[repository.id]) for repository in repositories if repository.id in facts]


class _Shown:
    """People and namespaces as they stand in projects: each is made once for all the projects of a list."""

    def __init__(self, context: RequestContext) -> None:
        self._asking = context.user.id
        self._portrait = portrait_url(context)
        self._people: dict[UserId, wire.Owner] = {}
        self._namespaces: dict[NamespaceId, wire.GiteeV3Namespace] = {}

    def owner(self, facts: RepositoryFacts) -> wire.Owner:
        """Whose namespace it is; in an organization whoever made the project; else the namespace stands for them."""
        is_users = facts.namespace.kind is NamespaceKind.USER
        person = facts.namespace_creator if is_users else facts.creator or facts.namespace_creator
        if person is None:
            return _nobody(facts.namespace, self._portrait)
        owner = self._people.get(person.id)
        if owner is None:
            owner = self._people[person.id] = self._person(person)
        return owner

    def namespace(self, namespace: Namespace) -> wire.GiteeV3Namespace:
        shown = self._namespaces.get(namespace.id)
        if shown is None:
            shown = self._namespaces[namespace.id] = _namespace(namespace)
        return shown

    def _person(self, user: User) -> wire.Owner:
        """An e-mail is shown to its owner alone."""
        return wire.Owner(
            id=user.id,
            username=user.name,
            email=user.email if user.id == self._asking else "",
            name=user.display_name or user.name,
            created_at=wire.moment_of(user.created_at),
            new_portrait=self._portrait,
        )


def _project(
    shown: _Shown,
    repository: Repository,
    facts: RepositoryFacts,
    *,
    stared: bool | None = None,
    watched: bool | None = None,
    relation: str | None = None,
) -> wire.GiteeV3Project:
    pushed = repository.last_push_at
    return wire.GiteeV3Project(
        id=repository.id,
        name=repository.true_name,
        description=repository.description,
        default_branch=repository.default_branch or BRANCH_OF_EMPTY,
        owner=shown.owner(facts),
        public=repository.visibility is Visibility.PUBLIC,
        path=repository.name,
        path_with_namespace=str(repository.path),
        issues_enabled=facts.modules.has_issue,
        pull_requests_enabled=facts.modules.has_merge_request,
        wiki_enabled=facts.modules.has_wiki,
        created_at=wire.moment_of(repository.created_at or repository.updated_at),
        namespace=shown.namespace(facts.namespace),
        last_push_at=None if pushed is None else wire.moment_of(pushed),
        parent_id=None if facts.parent is None else facts.parent.id,
        is_fork=facts.is_fork,
        forks_count=facts.counts.forks,
        stars_count=facts.counts.stars,
        watches_count=facts.counts.watches,
        stared=stared,
        watched=watched,
        relation=relation,
        parent_path_with_namespace=None if facts.parent is None else str(facts.parent.path),
    )


def _nobody(namespace: Namespace, portrait: str) -> wire.Owner:
    return wire.Owner(
        id=NOBODY,
        username=str(namespace.path),
        name=namespace.display_name or namespace.name,
        created_at=wire.moment_of(namespace.created_at or namespace.updated_at),
        new_portrait=portrait,
    )


def _namespace(namespace: Namespace) -> wire.GiteeV3Namespace:
    return wire.GiteeV3Namespace(
        created_at=wire.moment_of(namespace.created_at or namespace.updated_at),
        description=namespace.description,
        id=namespace.id,
        name=namespace.display_name or namespace.name,
        owner_id=namespace.creator_id,
        path=str(namespace.path),
        updated_at=wire.moment_of(namespace.updated_at),
    )
