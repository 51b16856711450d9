"""Every route of the dialect: a handler's module ends with its rows (`ROUTES`), and stands here in one line."""

from matou.server.dialects.gitee_v3 import code, project_lists, projects, sessions
from matou.server.dialects.gitee_v3.routing import Route

ROUTES: tuple[Route, ...] = (*sessions.ROUTES, *projects.ROUTES, *project_lists.ROUTES, *code.ROUTES)
