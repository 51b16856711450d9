"""Which names may stand for which platforms."""

import pytest

from matou.server.platform_hosts import NoHostName, NoHostPlatform, host_name, read_hosts


def test_names_are_read_whatever_their_case_and_in_any_script() -> None:
    given = {"Gitee.Example": "gitee", "码头.example": "gitcode", "127.0.0.1": "github", "localhost": "gitee"}

    assert read_hosts(given) == {
        "gitee.example": "gitee",
        "xn--2ssr03e.example": "gitcode",
        "127.0.0.1": "github",
        "localhost": "gitee",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "a..b", ".example", "example.", "*.example", "https://gitee.example", "gitee.example:80", "a b"),
        *("-a.example", "a_b.example", "[::1]", "a/b", "x" * 64, ".".join(["x" * 60] * 5), "a\n", "gitee.example\n"),
    ],
)
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(NoHostName):
        read_hosts({name: "gitee"})


@pytest.mark.parametrize("platform", ["", "coding", "Gitee", "gitee_v5", "gitlab"])
def test_a_host_stands_for_a_platform_whose_paths_are_another_s(platform: str) -> None:
    with pytest.raises(NoHostPlatform):
        read_hosts({"gitee.example": platform})


def test_one_name_stands_for_one_platform() -> None:
    with pytest.raises(NoHostName):
        read_hosts({"gitee.example": "gitee", "GITEE.example": "gitcode"})


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.b:1", "a.b"), ("a.b", "a.b"), ("a:b:1", ""), ("[::1]:1", ""), ("a.b:", ""), ("", ""), ("é", "")],
)
def test_of_a_host_its_port_is_left_out(host: str, name: str) -> None:
    assert host_name({"headers": [(b"host", host.encode("latin-1"))]}) == name
