"""Every action there is, by name."""

from matou.server.dialects.coding import account, commits, contents, depots, projects, references
from matou.server.dialects.coding.context import Action

ACTIONS: tuple[Action, ...] = (
    *account.ACTIONS,
    *projects.ACTIONS,
    *depots.ACTIONS,
    *references.ACTIONS,
    *commits.ACTIONS,
    *contents.ACTIONS,
)

ACTIONS_BY_NAME = {name.lower(): action for action in ACTIONS for name in (action.name, *action.aliases)}
