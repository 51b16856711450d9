"""The Secret Service of the tests themselves: one that is lost is replaced, and told."""

import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support.secret_service import KeptSecretService, SecretService, needs_secret_service


def end_session(service: SecretService) -> None:
    service.process.send_signal(signal.SIGTERM)
    service.process.wait(10)


def remove_socket(service: SecretService) -> None:
    path = service.address.partition("unix:path=")[2].partition(",")[0]
    Path(path).unlink()


@needs_secret_service
@pytest.mark.parametrize("lose", [end_session, remove_socket])
def test_a_lost_service_is_followed_by_another(lose: Callable[[SecretService], None], tmp_path: Path) -> None:
    with closing(KeptSecretService(tmp_path)) as kept:
        first = kept.address()
        assert kept.service is not None
        assert kept.address() == first
        lose(kept.service)
        with pytest.warns(UserWarning, match="was lost"):
            second = kept.address()
        assert second != first
        assert kept.address() == second
