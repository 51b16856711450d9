"""Every route of the dialect: a handler's module ends with its rows (`ROUTES`), and stands here in one line."""

from itertools import chain

from matou.server.api.route import Route
from matou.server.dialects.gitcode_v5 import (
    analysis,
    archives,
    branch_changes,
    branches,
    commits,
    comparison,
    contents,
    conversation,
    downloads,
    events,
    file_changes,
    forks,
    forks_list,
    members,
    organization_members,
    organizations,
    own_account,
    push_rules,
    repositories,
    search,
    settings,
    signing_keys,
    stars,
    trees,
    uploads,
    users,
)

MODULES: tuple[tuple[Route, ...], ...] = (
    analysis.ROUTES,
    archives.ROUTES,
    branch_changes.ROUTES,
    branches.ROUTES,
    commits.ROUTES,
    contents.ROUTES,
    comparison.ROUTES,
    conversation.ROUTES,
    downloads.ROUTES,
    events.ROUTES,
    file_changes.ROUTES,
    forks.ROUTES,
    forks_list.ROUTES,
    members.ROUTES,
    organization_members.ROUTES,
    organizations.ROUTES,
    own_account.ROUTES,
    push_rules.ROUTES,
    repositories.ROUTES,
    search.ROUTES,
    settings.ROUTES,
    signing_keys.ROUTES,
    stars.ROUTES,
    trees.ROUTES,
    uploads.ROUTES,
    users.ROUTES,
)

ROUTES: tuple[Route, ...] = tuple(chain.from_iterable(MODULES))
