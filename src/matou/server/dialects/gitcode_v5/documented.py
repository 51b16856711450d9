"""What GitCode's and Gitee's descriptions of the API v5 name, whether we have it or not.

A client asks for what is documented. Where we have no such route, a branch's name that takes all the rest of the path
would be read out of it instead: `DELETE branches/ui/setting` is about the protection of `ui`, not the branch
`ui/setting`, whose name is `ui%2Fsetting` here.
"""

from functools import cache
from importlib.resources import files

from matou.server.api.route import DocumentedOperation


@cache
def documented_operations() -> tuple[DocumentedOperation, ...]:
    text = (files(__package__) / "documented.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(DocumentedOperation(method, path) for method, path in lines)
