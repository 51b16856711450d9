"""Every route of the dialect: a handler's module ends with its rows (`ROUTES`), and stands here in one line."""

from itertools import chain

from matou.server.dialects.gitcode_v5 import members, push_rules, settings, signing_keys
from matou.server.dialects.gitcode_v5.routing import Route

MODULES: tuple[tuple[Route, ...], ...] = (
    # One line a module, by its name: `contents.ROUTES,`
    push_rules.ROUTES,
    signing_keys.ROUTES,
    settings.ROUTES,
    members.ROUTES,
)

ROUTES: tuple[Route, ...] = tuple(chain.from_iterable(MODULES))
