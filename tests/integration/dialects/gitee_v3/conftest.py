import pytest

from support.gitcode_server import Harbour
from support.gitee_server import Client


@pytest.fixture
def gitee(harbour: Harbour) -> Client:
    return Client(harbour)
