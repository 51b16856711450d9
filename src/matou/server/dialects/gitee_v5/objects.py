"""People, namespaces and repositories as Gitee's API v5 writes them, whoever tells of them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from matou.db.memberships import Role
from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_details import RepositoryFacts
from matou.db.users import User
from matou.forge.access import Action, Authorized, MaySee, may
from matou.forge.repositories.repository_lists import repository_facts
from matou.model.platform import Visibility
from matou.platforms.gitee import wire_v5
from matou.platforms.gitee.wire_v3 import moment_of
from matou.server.api.context import RequestContext
from matou.server.api.links import Links, quoted

_BELOW_A_PERSON: Final = (
    *("followers", "following", "gists", "starred", "subscriptions", "events", "received_events"),
    "repos",
)
_BELOW_A_REPOSITORY: Final = {
    **{f"{name}_url": name for name in ("forks", "keys", "collaborators", "hooks", "branches", "tags", "stargazers")},
    **{f"{name}_url": name for name in ("contributors", "commits", "comments", "issues", "pulls", "milestones")},
    **{f"{name}_url": name for name in ("notifications", "labels", "releases")},
    "blobs_url": "git/blobs",
    "issue_comment_url": "issues/comments",
}


@lru_cache(maxsize=4096)
def addresses_of_person(links: Links, login: str) -> Mapping[str, str]:
    """Where the platform has more of somebody."""
    own = f"{links.api('users')}/{quoted(login, safe='')}"
    return {"organizations_url": f"{own}/orgs", **{f"{name}_url": f"{own}/{name}" for name in _BELOW_A_PERSON}}


def user_row(links: Links, user: User, *, email: str | None = None) -> dict[str, object]:
    """An e-mail is shown to its owner alone."""
    row = wire_v5.GiteeUser(
        id=user.id,
        login=user.name,
        name=user.display_name or user.name,
        avatar_url="",
        html_url=links.user(user.name),
        email=email,
        type="User",
    )
    return {**msgspec.to_builtins(row), "url": links.api("users", user.name), **addresses_of_person(links, user.name)}


def namespace_row(links: Links, namespace: Namespace) -> wire_v5.GiteeNamespace:
    return wire_v5.GiteeNamespace(
        id=namespace.id,
        type="personal" if namespace.kind is NamespaceKind.USER else "group",
        name=namespace.display_name or namespace.name,
        path=str(namespace.path),
        html_url=links.page(namespace.path),
    )


def organization_row(links: Links, namespace: Namespace) -> dict[str, object]:
    row = wire_v5.GiteeOrganization(
        id=namespace.id,
        login=str(namespace.path),
        name=namespace.display_name or namespace.name,
        avatar_url="",
        description=namespace.description,
    )
    own = f"{links.api('orgs')}/{quoted(str(namespace.path), safe='')}"
    below = {f"{name}_url": f"{own}/{name}" for name in ("repos", "events", "members")}
    return {**msgspec.to_builtins(row), "url": own, **below, "follow_count": 0}


def list_rows(context: RequestContext, listed: Sequence[Authorized[Repository, MaySee]]) -> list[dict[str, object]]:
    """What is told of all of them is asked for at once."""
    return repository_rows(context, [granted.subject for granted in listed])


def repository_rows(context: RequestContext, repositories: Sequence[Repository]) -> list[dict[str, object]]:
    facts = repository_facts(context.forge, context.identity, repositories)
    return [_repository(context, one, facts[one.id]) for one in repositories if one.id in facts]


def _repository(context: RequestContext, repository: Repository, facts: RepositoryFacts) -> dict[str, object]:
    links, path, namespace = context.links, repository.path, facts.namespace

    def allows(action: Action) -> bool:
        return may(context.forge, context.identity, action, repository)

    row = wire_v5.GiteeRepository(
        id=repository.id,
        full_name=str(path),
        human_name=f"{namespace.display_name or namespace.name}/{repository.true_name}",
        namespace=namespace_row(links, namespace),
        path=path.name,
        name=repository.true_name,
        description=repository.description,
        private=repository.visibility is Visibility.PRIVATE,
        public=repository.visibility is Visibility.PUBLIC,
        internal=repository.visibility is Visibility.INTERNAL,
        fork=facts.is_fork,
        html_url=links.git(path),
        ssh_url="",
        default_branch=repository.default_branch,
        has_issues=facts.modules.has_issue,
        has_wiki=facts.modules.has_wiki,
        pull_requests_enabled=facts.modules.has_merge_request,
        permission=wire_v5.GiteePermission(
            pull=allows(Action.READ_CODE), push=allows(Action.WRITE_CODE), admin=allows(Action.CHANGE_SETTINGS)
        ),
        pushed_at=None if repository.last_push_at is None else moment_of(repository.last_push_at),
        created_at=moment_of(repository.created_at or repository.updated_at),
        updated_at=moment_of(repository.updated_at),
    )
    own = links.repository_api(path)
    below = {name: f"{own}/{end}" for name, end in _BELOW_A_REPOSITORY.items()}
    return {**msgspec.to_builtins(row), "url": own, **below, **_people_of(links, facts), **_besides(repository, facts)}


def _people_of(links: Links, facts: RepositoryFacts) -> dict[str, object]:
    creator = None if facts.creator is None else user_row(links, facts.creator)
    return {
        "owner": creator,
        "project_creator": None if facts.creator is None else facts.creator.name,
        "members": [] if facts.creator is None else [facts.creator.name],
        "assignees": [],
        "testers": [],
        "assignees_number": 0,
        "testers_number": 0,
    }


def _besides(repository: Repository, facts: RepositoryFacts) -> dict[str, object]:
    """What no backup needs, and clients show."""
    return {
        "recommend": False,
        "homepage": repository.homepage,
        "language": None,
        "forks_count": facts.counts.forks,
        "stargazers_count": facts.counts.stars,
        "watchers_count": facts.counts.watches,
        "issue_comment": facts.modules.has_issue,
        "can_comment": facts.modules.can_comment,
        "has_page": False,
        "license": None,
        "outsourced": False,
        "parent": None if facts.parent is None else {"full_name": str(facts.parent.path), "id": facts.parent.id},
        "paas": None,
        "stared": facts.is_starred,
        "watched": facts.is_watched,
        "relation": _RELATIONS.get(facts.role) if facts.role is not None else None,
    }


_RELATIONS: Final = {Role.OWNER: "master", Role.MAINTAINER: "admin", Role.DEVELOPER: "developer"}
