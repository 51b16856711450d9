"""Where Go finds modules: of long paths no more is looked up than there can be."""

import pytest

from matou.forge.access import ANONYMOUS, authorize_repository
from matou.model.platform import Visibility
from matou.server.web.go_import import go_import
from support.matou_server import MatouServer

BASE = "https://code.example.org"


def test_a_path_without_end_is_not_looked_up_part_by_part(
    matou_server: MatouServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    team, looked_up = matou_server.team(), []

    def counting(*arguments: object) -> object:
        looked_up.append(arguments)
        return authorize_repository(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("matou.server.web.go_import.authorize_repository", counting)

    assert go_import(matou_server.forge, ANONYMOUS, (team.name, *["x"] * 1500), BASE) is None
    assert len(looked_up) == 1


def test_a_repository_deep_inside_is_found(matou_server: MatouServer) -> None:
    team = matou_server.team()
    made = matou_server.repository(f"{team.name}/a/b/c/d", visibility=Visibility.PUBLIC)

    page = go_import(matou_server.forge, ANONYMOUS, (*str(made.path).split("/"), "package"), BASE)

    assert page is not None
    assert f'content="code.example.org/{made.path} git {BASE}/{made.path}.git"'.encode() in page
