"""Which addresses of repositories are asked, and what is made of their paths."""

from pathlib import Path

import pytest

from matou.credentials import Secret, credential_in
from matou.errors import Invalid
from matou.git.process.ssh import ssh_words
from matou.http.session import Session
from matou.model.platform import id_of_team
from matou.platforms.git.addresses import by_server, repository_address
from matou.platforms.git.source import GitSource
from matou.settings import SshSettings
from support.steered_clock import SYSTEM_CLOCK


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("https://git.example/a/../b.git", "a step to somewhere else"),
        ("https://git.example/a/%2e%2e/b.git", "a step to somewhere else"),
        ("https://git.example/a/./b.git", "a step to somewhere else"),
        ("https://git.example/a//b.git", "empty"),
        ("https://git.example", "names no repository"),
        ("https://git.example/", "names no repository"),
        ("https://git.example/a.git?private_token=1", "ends with its path"),
        ("https://git.example/a.git#main", "ends with its path"),
        ("https://git.example:0/a.git", "host"),
        ("https://git.example:99999/a.git", "cannot be read"),
        ("https://-oProxyCommand=id/a.git", "host"),
        ("https://git.example/a b.git", "a space"),
        ("https://git.example/a\\b.git", "a backslash"),
        ("https://git.example/a\x1b[31m.git", "control character"),
        ("file:///etc/passwd", "neither http nor https"),
        ("ext::sh -c id", "names no repository"),
        ("ssh://-oProxyCommand=id/a.git", "host"),
        ("ssh://git@-oProxyCommand=id/a.git", "host"),
        ("ssh://-oProxyCommand=id@git.example/a.git", "user"),
        ("-oProxyCommand=id@git.example:a.git", "user"),
        ("-oProxyCommand=id:a.git", "host"),
        ("git@git.example:-oProxyCommand=id", "names no repository"),
        ("git@git.example:../a.git", "a step to somewhere else"),
        ("git@git.example:a//b.git", "empty"),
        ("git@git exa.mple:a.git", "host"),
        ("git@$(id):a.git", "host"),
        ("git@%h:a.git", "host"),
        ("g`id`t@git.example:a.git", "user"),
        ("git@git.example:", "neither"),
        ("git@git.example:/", "names no repository"),
        ("ssh://git@git.example", "names no repository"),
        ("ssh://git@git.example/", "names no repository"),
        ("ssh://git@git.example:0/a.git", "cannot be read"),
        ("ssh://git@git.example:99999/a.git", "cannot be read"),
        ("ssh://git@git.example/a.git?x", "ends with its path"),
        ("ssh://git@git.example/a%0Ab.git", "names no repository"),
        ("git@git.example:a\nb.git", "control character"),
        ("git@git.example:a\\b.git", "backslash"),
        ("--upload-pack=id", "neither http nor https"),
        ("ftp://git.example/a.git", "neither http nor https"),
        ("", "neither http nor https"),
    ],
)
def test_an_address_that_is_not_asked_is_refused_with_its_reason(text: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        repository_address(text)


def test_a_password_before_a_host_of_ssh_is_refused_without_saying_it() -> None:
    with pytest.raises(Invalid, match="which ssh does not take") as caught:
        repository_address("ssh://git:hunter2@git.example/a.git")

    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.values}"


@pytest.mark.parametrize(
    ("text", "url", "server", "host", "id_", "names"),
    [
        (
            "git@git.example:a/b.git",
            "git@git.example:a/b.git",
            "ssh://git@git.example",
            "git.example",
            "a/b.git",
            ("a", "b"),
        ),
        ("ssh://git@git.example:22/a/b.git", None, "ssh://git@git.example:22", "git.example", "a/b.git", ("a", "b")),
        (
            "ssh://git@Git.Example:2222/b",
            "ssh://git@git.example:2222/b",
            "ssh://git@git.example:2222",
            "git.example-2222",
            "b",
            ("b",),
        ),
        ("ssh://git.example/~/b.git", None, "ssh://git.example", "git.example", "~/b.git", ("~", "b")),
        ("ssh://git.example/~li/b.git", None, "ssh://git.example", "git.example", "~li/b.git", ("~li", "b")),
        ("li@git.example:b.git", None, "ssh://li@git.example", "li@git.example", "li@b.git", ("b",)),
        ("git@[2001:db8::1]:b.git", None, "ssh://git@[2001:db8::1]", "2001:db8::1", "b.git", ("b",)),
        (
            "ssh://git@git.example/a%20b/c%27d.git",
            "ssh://git@git.example/a b/c'd.git",
            "ssh://git@git.example",
            "git.example",
            "a b/c'd.git",
            ("a b", "c'd"),
        ),
        (
            "git@git.example:/srv/码头.git",
            "ssh://git@git.example/srv/码头.git",
            "ssh://git@git.example",
            "git.example",
            "srv/码头.git",
            ("srv", "码头"),
        ),
    ],
)
def test_addresses_of_ssh_are_read_in_both_forms(
    text: str, url: str | None, server: str, host: str, id_: str, names: tuple[str, ...]
) -> None:
    address = repository_address(text)

    assert (address.url, address.server, address.host) == (url or text, server, host)
    assert (address.id, address.names) == (id_, names)
    assert repository_address(address.url) == address


def test_two_addresses_that_would_be_one_repository_are_refused() -> None:
    with pytest.raises(Invalid, match="the same repository"):
        by_server(["git@git.example:srv/a.git", "ssh://git@git.example/srv/a.git"])


def test_ssh_is_told_by_words_of_ours_alone_and_reads_no_configuration() -> None:
    words = ssh_words(SshSettings(key=Path("/keys/a b%h"), known_hosts=Path("/known hosts")))

    assert words[1:3] == ["-F", "none"]
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no", "PermitLocalCommand=no"} <= set(words)
    assert {'IdentityFile="/keys/a b%%h"', "IdentitiesOnly=yes", 'UserKnownHostsFile="/known hosts"'} <= set(words)


@pytest.mark.parametrize("text", ["https://captain:hunter2@git.example/a.git", "https://hunter2@git.example/a.git"])
def test_an_address_with_a_credential_is_refused_without_saying_it_and_with_what_to_do(text: str) -> None:
    with pytest.raises(Invalid, match="kept in the archive") as caught:
        repository_address(text)

    assert "matou login" in caught.value.advice
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.values}"


@pytest.mark.parametrize(
    ("text", "host", "names"),
    [
        ("https://git.example/ship.git", "git.example", ("ship",)),
        ("https://GIT.example:443/docks/ship", "git.example", ("docks", "ship")),
        ("http://git.example:8080/a/b/c/ship.git/", "git.example-8080", ("a", "b", "c", "ship")),
        ("https://[2001:db8::1]/ship.git", "2001:db8::1", ("ship",)),
        ("https://git.example/%E7%A0%81/%E5%A4%B4.git", "git.example", ("码", "头")),
        ("https://git.example/码/头.git", "git.example", ("码", "头")),
        ("https://git.example/a%2Fb/%FF.git", "git.example", ("a%2Fb", "%FF")),
        ("https://git.example/docks/.git", "git.example", ("docks", ".git")),
    ],
)
def test_host_and_names_are_read_from_an_address(text: str, host: str, names: tuple[str, ...]) -> None:
    address = repository_address(text)

    assert (address.host, address.names) == (host, names)


def test_addresses_are_put_together_by_server_and_each_counts_once() -> None:
    urls = [
        "https://git.example/a.git",
        "https://other.example/a.git",
        "https://GIT.example:443/a.git/",
        "http://git.example/a.git",
        "https://git.example/A.git",
    ]

    assert by_server(urls) == {
        "https://git.example": ("https://git.example/a.git", "https://git.example/A.git"),
        "https://other.example": ("https://other.example/a.git",),
        "http://git.example": ("http://git.example/a.git",),
    }


def test_every_folder_above_a_repository_is_a_namespace_and_the_server_is_one_where_some_stand_at_its_top() -> None:
    urls = ["https://git.example/a/b/ship.git", "https://git.example/a/boat", "https://git.example/raft.git"]
    with Session(named=urls[:1], clock=SYSTEM_CLOCK) as session:
        source = GitSource(session, urls, None)

        assert {one.id: one.name for one in source.namespaces()} == {
            "a": "a",
            "a/b": "a/b",
            id_of_team("git.example"): "",
        }
        assert {one.id: (one.namespace_id, one.name) for one in source.repositories()} == {
            "a/b/ship.git": ("a/b", "ship"),
            "a/boat": ("a", "boat"),
            "raft.git": (id_of_team("git.example"), "raft"),
        }
        assert source.account().login == "anonymous"
        assert source.git_credential() is None


@pytest.mark.parametrize(
    ("text", "pair"),
    [("", None), ("t0ken", ("git", "t0ken")), ("captain:pass:word", ("captain", "pass:word"))],
)
def test_a_name_may_stand_before_what_lets_us_in(text: str, pair: tuple[str, str] | None) -> None:
    credential = credential_in(Secret(text))

    assert (credential and (credential.user, credential.password.reveal())) == pair
