"""Where Go finds modules: of long paths no more is looked up than there can be."""

import pytest
import urllib3

from matou.forge.access import ANONYMOUS, authorize_repository
from matou.model.platform import Visibility
from matou.server.web.go_import import find_module
from support.matou_server import MatouServer

HTTP = urllib3.PoolManager(retries=False)


def test_a_path_without_end_is_not_looked_up_part_by_part(
    matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, looked_up = matou_server.team(), []

    def counting(*arguments: object) -> object:
        looked_up.append(arguments)
        return authorize_repository(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("matou.server.web.go_import.authorize_repository", counting)

    assert find_module(matou_server.forge, ANONYMOUS, (team.name, *["x"] * 1500)) is None
    assert len(looked_up) == 1


def test_a_repository_deep_inside_is_found(matou_server: MatouServer) -> None:
    team = matou_server.team()
    made = matou_server.repository(f"{team.name}/a/b/c/d", visibility=Visibility.PUBLIC)

    page = HTTP.request("GET", f"{matou_server.url}/{made.path}/package?go-get=1").data.decode()

    host = matou_server.url.partition("://")[2]
    assert f'content="{host}/{made.path} git {matou_server.url}/{made.path}.git"' in page
