"""What matou.toml says of the server: read beside the sources, and whatever becomes of those."""

from pathlib import Path

import pytest

from matou.cli.config import hosts_of, read_configuration, read_server
from matou.errors import Invalid, NotFound

SOURCE = '[[source]]\nplatform = "gitee"\nurl = "https://gitee.example"\nto = "archive"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "matou.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        '[server.hosts]\ngitee.example = "gitee"\ngitcode.example.org = "gitcode"\n',
        '[server.hosts]\n"gitee.example" = "gitee"\n"gitcode.example.org" = "gitcode"\n',
        '[server]\nhosts = {"gitee.example" = "gitee", gitcode.example = {org = "gitcode"}}\n',
    ],
)
def test_names_are_read_with_quotes_and_without(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)

    assert hosts_of(read_server(path)) == {"gitee.example": "gitee", "gitcode.example.org": "gitcode"}


def test_sources_and_server_stand_in_one_file(tmp_path: Path) -> None:
    path = written(tmp_path, f'{SOURCE}[server.hosts]\ngitee.example = "gitee"\n')

    assert [source.platform for source in read_configuration(path)] == ["gitee"]
    assert hosts_of(read_server(path)) == {"gitee.example": "gitee"}


def test_what_is_wrong_with_a_source_is_not_the_server_s(tmp_path: Path) -> None:
    path = written(tmp_path, '[[source]]\nplatfrom = "gitee"\n[server.hosts]\na = "gitee"\n')

    assert hosts_of(read_server(path)) == {"a": "gitee"}
    with pytest.raises(Invalid):
        read_configuration(path)


def test_a_file_of_the_server_alone_lists_no_source(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="lists no source"):
        read_configuration(written(tmp_path, '[server.hosts]\na = "gitee"\n'))


def test_without_a_file_no_host_stands_for_anything_unless_one_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert hosts_of(read_server(None)) == {}
    with pytest.raises(NotFound):
        read_server(tmp_path / "other.toml")


def test_the_file_of_the_current_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, '[server.hosts]\na = "gitee"\n')
    monkeypatch.chdir(tmp_path)

    assert hosts_of(read_server(None)) == {"a": "gitee"}


@pytest.mark.parametrize("text", ["[server", "[server]\nhost = {}\n", "[server]\nhosts = 1\n", "server = []\n"])
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid):
        read_server(written(tmp_path, text))
