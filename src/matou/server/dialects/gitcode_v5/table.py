"""Every route of the dialect: a handler's module ends with its rows (`ROUTES`), and stands here in one line."""

from itertools import chain

from matou.server.dialects.gitcode_v5 import (
    branch_changes,
    downloads,
    events,
    file_changes,
    forks_list,
    members,
    push_rules,
    settings,
    signing_keys,
    stars,
    uploads,
)
from matou.server.dialects.gitcode_v5.routing import Route

MODULES: tuple[tuple[Route, ...], ...] = (
    branch_changes.ROUTES,
    downloads.ROUTES,
    events.ROUTES,
    file_changes.ROUTES,
    forks_list.ROUTES,
    members.ROUTES,
    push_rules.ROUTES,
    settings.ROUTES,
    signing_keys.ROUTES,
    stars.ROUTES,
    uploads.ROUTES,
)

ROUTES: tuple[Route, ...] = tuple(chain.from_iterable(MODULES))
