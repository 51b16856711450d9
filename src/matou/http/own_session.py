"""A client that opened its session itself closes it, and leaves alone one that it was given."""

from typing import Self

from matou.http.session import Session


class OwnSession:
    """`_own_session` is None where the session is somebody else's."""

    _own_session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; the client may be used again."""
        if self._own_session is not None:
            self._own_session.close()
