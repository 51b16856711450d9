"""Matou: get a team's code out of a platform, keep it alive, and move it on."""

from importlib import import_module

__all__ = ["Coding", "GitCode", "Gitee", "__version__"]

__version__ = "0.2.0"

_OFFERED = {
    "Coding": "matou.platforms.coding.client",
    "GitCode": "matou.platforms.gitcode.client",
    "Gitee": "matou.platforms.gitee.client",
}
"""What a program imports, and where it is. Commands need none of it, so it is loaded when it is asked for."""


def __getattr__(name: str) -> object:
    if name not in _OFFERED:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_OFFERED[name]), name)
