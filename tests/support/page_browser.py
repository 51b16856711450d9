"""A browser without scripts: it keeps cookies as a browser does, follows redirects, and sends the forms of a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

HTTP = urllib3.PoolManager(retries=False)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Answer:
    """What a server answers; `headers` as they came, one after another."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Ask = Callable[[str, str, str | None, Mapping[str, str]], Answer]
"""Method, whole address, body and headers."""


def over_network(method: str, url: str, body: str | None, headers: Mapping[str, str]) -> Answer:
    answer = HTTP.request(method, url, body=body, headers=dict(headers), redirect=False)
    return Answer(answer.status, list(answer.headers.iteritems()), answer.data)


@dataclass
class FormOnPage:
    """A form of a page with what it sends as it stands; `buttons` are what each of its named buttons adds."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self.links: list[str] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "form":
            self.forms.append(
                FormOnPage(values.get("action", "")) if values.get("method") == "post" else FormOnPage("-")
            )
        if self.forms:
            self._put(self.forms[-1], tag, values)

    def _put(self, form: FormOnPage, tag: str, values: dict[str, str]) -> None:
        name = values.get("name", "")
        form.names |= {name} - {""}
        if tag == "input" and name and (values.get("type") != "checkbox" or "checked" in values):
            form.fields[name] = values.get("value", "")
        elif tag == "button" and name:
            form.buttons.append((name, values.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area, form.fields[name] = name, ""
        elif tag == "option" and self._select and ("selected" in values or self._select not in form.fields):
            form.fields[self._select] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None


@dataclass
class Page:
    """What the browser shows now."""

    url: str
    status: int
    text: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def forms(self) -> list[FormOnPage]:
        return self._read().forms

    def links(self) -> list[str]:
        return self._read().links

    def form(self, action: str) -> FormOnPage:
        """The one that is sent to an address of this beginning."""
        (found,) = [form for form in self.forms() if form.action == action]
        return found

    def _read(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.text)
        return parser


@dataclass
class PageBrowser:
    """One browser at one server, whose cookies are kept by name."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"user-agent": FIREFOX, "accept-language": "en"})
    ask: Ask = over_network

    def open(self, path: str) -> Page:
        return self._follow("GET", urljoin(self.base, path), None, {})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        """As a page of the server itself sends it."""
        sent = {"sec-fetch-site": "same-origin", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self._follow("POST", urljoin(self.base, path), urlencode(fields), sent)

    def send(self, page: Page, action: str, **changed: str) -> Page:
        """Fill in a form of a page and send it. Every field that is filled in has to be there."""
        form = page.form(action)
        assert changed.keys() <= form.names, form.names
        return self.post(form.action, {**form.fields, **changed})

    def sign_in(self, name: str, password: str, *, onward: str = "") -> Page:
        page = self.open(f"/-/sign-in?{urlencode({'next': onward})}" if onward else "/-/sign-in")
        return self.send(page, "/-/sign-in", login=name, password=password)

    def _follow(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Page:
        for _ in range(MOST_REDIRECTS):
            page = self._request(method, url, body, headers)
            if page.status not in (302, 303):
                return page
            target = urljoin(url, page.headers["location"])
            assert target.startswith(self.base + "/"), f"led elsewhere: {target}"
            method, url, body, headers = "GET", target, None, {}
        raise AssertionError("redirected without end")

    def _request(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> Page:
        sent = {**self.headers, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        answer = self.ask(method, url, body, sent)
        self._keep([value for name, value in answer.headers if name.lower() == "set-cookie"])
        headers_by_name = {name.lower(): value for name, value in answer.headers}
        return Page(url, answer.status, answer.body.decode(), headers_by_name)

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
