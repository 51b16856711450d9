"""What the clients have in common that other programs make: `from matou import Coding, GitCode, Gitee`."""

from datetime import UTC, datetime
from typing import Self

from matou.http.retry import WaitListener
from matou.http.session import Session
from matou.platforms.base.platform import Clock, Platform
from matou.settings import Settings


def utc_now() -> datetime:
    """The clock of whoever gives none."""
    return datetime.now(UTC)


class TypedClient:
    """A client that opened its session itself closes it, and leaves alone one that it was given."""

    _own_session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; the client may be used again."""
        if self._own_session is not None:
            self._own_session.close()

    def _session_to(
        self, platform: Platform, url: str, session: Session | None, *, now: Clock, on_wait: WaitListener | None
    ) -> Session:
        """The one that was given, or one as the process's environment says."""
        if session is not None:
            return session
        self._own_session = platform.open_session(url, Settings.of_process(), now=now, on_wait=on_wait)
        return self._own_session
