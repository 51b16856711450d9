import pytest

from matou.http.addresses import parse_address
from matou.http.proxies import Proxies


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://e.coding.net/", "http://secure:3128"),
        ("http://e.coding.net/", "http://plain:3128"),
        ("https://git.intra.example/", None),
        ("https://intra.example/", None),
        ("https://notintra.example/", "http://secure:3128"),
        ("http://127.0.0.1:8585/", None),
        ("http://127.0.0.1:8586/", "http://plain:3128"),
    ],
)
def test_the_environment_says_what_goes_through_a_proxy(url: str, proxy: str | None) -> None:
    environment = {
        "HTTP_PROXY": "http://plain:3128",
        "https_proxy": "http://secure:3128",
        "HTTPS_PROXY": "http://unused:1",
        "NO_PROXY": ".intra.example, 127.0.0.1:8585",
    }

    found = Proxies.from_environment(environment).proxy_for(parse_address(url).origin)

    assert (found and found.reveal()) == proxy


def test_a_star_turns_the_proxy_off() -> None:
    proxies = Proxies.from_environment({"https_proxy": "http://p:1", "no_proxy": "*"})

    assert proxies.proxy_for(parse_address("https://h/").origin) is None


def test_a_proxys_password_is_not_shown() -> None:
    assert "hunter2" not in repr(Proxies.from_environment({"https_proxy": "http://u:hunter2@p:1"}))
