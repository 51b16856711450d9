"""People, organizations and repositories as GitHub writes them, and where they are to be had."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from matou.db.namespaces import Namespace, NamespaceKind
from matou.db.repositories import Repository
from matou.db.repository_details import Counts, RepositoryFacts
from matou.db.users import User
from matou.forge.access import Action, MaySee, may
from matou.forge.conversation.overview import item_states
from matou.forge.repositories.repository_lists import repository_facts
from matou.model.metadata.kinds import CHANGE, ISSUE
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from matou.model.repository_settings import Features, Modules
from matou.server.api.context import PROJECT_SEGMENT, ProjectContext, RequestContext
from matou.server.api.links import Links, quoted
from matou.server.dialects.github_v3.identifiers import SEPARATOR, made_id, owner_of

UNKNOWN_TIME: Final = "0001-01-01T00:00:00Z"
"""Go's: importers put a time that they know in its place."""

KIBIBYTE: Final = 1024

_AVATAR: Final = "/-/static/icon.svg"
"""Everybody's: clients load it unasked."""

_BELOW_A_PERSON: Final = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}
_BELOW_AN_ORGANIZATION: Final = {
    "repos_url": "repos",
    "events_url": "events",
    "hooks_url": "hooks",
    "issues_url": "issues",
    "members_url": "members{/member}",
    "public_members_url": "public_members{/member}",
}
_BELOW_A_REPOSITORY: Final = {
    **{f"{name}_url": name for name in ("forks", "teams", "hooks", "events", "tags", "languages", "stargazers")},
    **{f"{name}_url": name for name in ("contributors", "subscribers", "subscription", "merges", "downloads")},
    "keys_url": "keys{/key_id}",
    "collaborators_url": "collaborators{/collaborator}",
    "issue_events_url": "issues/events{/number}",
    "assignees_url": "assignees{/user}",
    "branches_url": "branches{/branch}",
    "blobs_url": "git/blobs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "trees_url": "git/trees{/sha}",
    "statuses_url": "statuses/{sha}",
    "commits_url": "commits{/sha}",
    "git_commits_url": "git/commits{/sha}",
    "comments_url": "comments{/number}",
    "issue_comment_url": "issues/comments{/number}",
    "contents_url": "contents/{+path}",
    "compare_url": "compare/{base}...{head}",
    "archive_url": "{archive_format}{/ref}",
    "issues_url": "issues{/number}",
    "pulls_url": "pulls{/number}",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "labels_url": "labels{/name}",
    "releases_url": "releases{/id}",
    "deployments_url": "deployments",
}


_COUNTS: Final = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
_NOT_KEPT: Final = {"blog": "", **dict.fromkeys(("company", "location", "hireable", "bio"))}
_OWN: Final = dict.fromkeys(
    ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators"), 0
) | {"two_factor_authentication": False}
"""Of whoever asks; what nothing here counts is 0."""


def written(moment: datetime | None) -> str | None:
    """In UTC, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def repository_url(links: Links, path: RepositoryPath, *segments: str) -> str:
    """Below the API's root: the owner is one segment, whose names have colons between them."""
    owner = quoted(owner_of(path.namespace), safe=SEPARATOR)
    return "/".join((links.api("repos"), owner, quoted(path.name), *map(quoted, segments)))


def project_url(links: Links, project: NamespacePath) -> str:
    """The same of a project, as if it were a repository."""
    return links.api("repos", owner_of(project), PROJECT_SEGMENT)


def owner_url(links: Links, kind: str, path: str, *segments: str) -> str:
    """Below the API's root, of one of `users` or `orgs`."""
    return "/".join((links.api(kind), quoted(path.replace("/", SEPARATOR), safe=SEPARATOR), *segments))


def person_row(links: Links, login: str, number: int, html_url: str, *, kind: str = "User") -> dict[str, object]:
    """Anybody: who has an account, who took part, or an organization where GitHub has an owner."""
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"{links.base}{_AVATAR}",
        "gravatar_id": "",
        "html_url": html_url,
        "type": kind,
        "site_admin": False,
        **_addresses_of_person(links, login),
    }


@lru_cache(maxsize=4096)
def _addresses_of_person(links: Links, login: str) -> Mapping[str, str]:
    own = owner_url(links, "users", login)
    return {"url": own, **{name: f"{own}/{end}" for name, end in _BELOW_A_PERSON.items()}}


def user_row(links: Links, user: User) -> dict[str, object]:
    return person_row(links, user.name, account_id(user.name), links.user(user.name))


def account_id(owner: str) -> int:
    """Of an account or an organization that is here, by its name."""
    return made_id("owner", owner)


def profile(links: Links, user: User, *, is_own: bool) -> dict[str, object]:
    """A person asked for alone. An e-mail is shown to its owner alone."""
    name, email = user.display_name or user.name, user.email if is_own else None
    row = {**user_row(links, user), **_COUNTS, **_NOT_KEPT, "name": name, "email": email}
    if is_own:
        row |= _OWN
    return {**row, "created_at": written(user.created_at), "updated_at": written(user.created_at)}


def organization_row(links: Links, namespace: Namespace) -> dict[str, object]:
    login = owner_of(namespace.path)
    own = owner_url(links, "orgs", login)
    return {
        "login": login,
        "id": account_id(login),
        "node_id": f"O_{account_id(login)}",
        "url": own,
        **{name: f"{own}/{end}" for name, end in _BELOW_AN_ORGANIZATION.items()},
        "avatar_url": f"{links.base}{_AVATAR}",
        "description": namespace.description or None,
    }


def organization_profile(links: Links, namespace: Namespace) -> dict[str, object]:
    """An organization asked for alone."""
    moment = written(namespace.created_at or namespace.updated_at)
    return {
        **organization_row(links, namespace),
        "name": namespace.display_name or namespace.name,
        "html_url": links.page(namespace.path),
        "has_organization_projects": False,
        "has_repository_projects": False,
        **_COUNTS,
        "created_at": moment,
        "updated_at": written(namespace.updated_at),
        "archived_at": None,
        "type": "Organization",
    }


def organization_as_user(links: Links, namespace: Namespace) -> dict[str, object]:
    """As GitHub gives one that is asked for as if it were a person."""
    name, created = namespace.display_name or namespace.name, namespace.created_at or namespace.updated_at
    times = {"created_at": written(created), "updated_at": written(namespace.updated_at)}
    return {**owner_row(links, namespace), **_COUNTS, **_NOT_KEPT, "name": name, "email": None, **times}


def owner_row(links: Links, namespace: Namespace) -> dict[str, object]:
    login = owner_of(namespace.path)
    kind = "User" if namespace.kind is NamespaceKind.USER else "Organization"
    return person_row(links, login, account_id(login), links.page(namespace.path), kind=kind)


def repository_rows(context: RequestContext, repositories: Sequence[Repository]) -> list[dict[str, object]]:
    """What is told of all of them is asked for at once."""
    facts = repository_facts(context.forge, context.identity, repositories)
    return [_repository(context, one, facts[one.id]) for one in repositories if one.id in facts]


def whole_repository(context: RequestContext, repository: Repository) -> dict[str, object]:
    """One that is asked for alone."""
    [row] = repository_rows(context, [repository])
    counts = {"network_count": row["forks_count"], "subscribers_count": row["watchers_count"]}
    return {**row, **counts, "allow_rebase_merge": False, "allow_squash_merge": False, "allow_merge_commit": False}


def _repository(context: RequestContext, repository: Repository, facts: RepositoryFacts) -> dict[str, object]:
    links, path = context.links, repository.path
    owner, own = owner_of(path.namespace), repository_url(links, path)
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": path.name,
        "full_name": f"{owner}/{path.name}",
        "owner": owner_row(links, facts.namespace),
        "private": repository.visibility is not Visibility.PUBLIC,
        "visibility": repository.visibility.value,
        "html_url": links.page(path),
        "description": repository.description or None,
        "fork": facts.is_fork,
        "url": own,
        **{name: f"{own}/{end}" for name, end in _BELOW_A_REPOSITORY.items()},
        "clone_url": links.git(path),
        "git_url": links.git(path),
        "ssh_url": "",
        "svn_url": links.page(path),
        "mirror_url": None,
        **_state_of(repository, facts),
        **_open_issues(context, repository),
        "permissions": _permissions(context, repository),
    }


def project_as_repository(context: ProjectContext[MaySee]) -> dict[str, object]:
    """What was said around a project, as a repository of it that has no code and nothing else."""
    project = context.project
    facts = RepositoryFacts(
        namespace=project,
        root=project,
        creator=None,
        namespace_creator=None,
        is_fork=False,
        parent=None,
        role=None,
        is_starred=False,
        is_watched=False,
        modules=Modules(has_wiki=False, has_fork=False),
        features=Features(),
        counts=Counts(stars=0, watches=0, forks=0),
    )
    git = f"{context.links.base}/{'/'.join(quoted(part) for part in (owner_of(project.path), PROJECT_SEGMENT))}.git"
    url = project_url(context.links, project.path)
    return {**_repository(context, context.repository, facts), "url": url, "clone_url": git, "git_url": git}


def _state_of(repository: Repository, facts: RepositoryFacts) -> dict[str, object]:
    created = repository.created_at or repository.updated_at
    counts = facts.counts
    return {
        "homepage": repository.homepage or None,
        "language": None,
        "license": None,
        "topics": [],
        "size": repository.size_bytes // KIBIBYTE,
        "default_branch": repository.default_branch or "main",
        "archived": repository.archived or repository.read_only_source is not None,
        "disabled": False,
        "is_template": False,
        "has_issues": facts.modules.has_issue,
        "has_projects": False,
        "has_wiki": facts.modules.has_wiki,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "allow_forking": facts.modules.has_fork,
        "web_commit_signoff_required": False,
        "forks": counts.forks,
        "forks_count": counts.forks,
        "stargazers_count": counts.stars,
        "watchers": counts.watches,
        "watchers_count": counts.watches,
        "created_at": written(created),
        "updated_at": written(repository.updated_at),
        "pushed_at": written(repository.last_push_at or repository.updated_at),
    }


def _open_issues(context: RequestContext, repository: Repository) -> dict[str, int]:
    """Pull requests count too, as at GitHub; none for whoever may not read them."""
    states = item_states(context.forge, context.identity, repository)
    count = sum(states.get((kind.name, "open"), 0) for kind in (ISSUE, CHANGE))
    return {"open_issues": count, "open_issues_count": count}


def _permissions(context: RequestContext, repository: Repository) -> dict[str, bool]:
    def allows(action: Action) -> bool:
        return may(context.forge, context.identity, action, repository)

    pull, push, admin = map(allows, (Action.READ_CODE, Action.WRITE_CODE, Action.CHANGE_SETTINGS))
    return {"pull": pull, "triage": push, "push": push, "maintain": admin, "admin": admin}
