"""Matou: get a team's code out of a platform, keep it alive, and move it on."""

TYPE_CHECKING = False  # typing's own, which takes its time to load
if TYPE_CHECKING:
    from matou.platforms.gitcode.client import GitCode

__all__ = ["GitCode", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """What a program imports is loaded when it is asked for: most commands need none of it."""
    if name == "GitCode":
        from matou.platforms.gitcode.client import GitCode

        return GitCode
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
