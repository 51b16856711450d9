"""Whatever a reader asks for, in whatever place, is told as theirs to mend: no fault of ours, no word of git's."""

from urllib.parse import quote

import pytest

from support.gitcode_server import Harbour

HOSTILE = (
    *("%2e%2e", "a/%2e%2e/b", "%2F", "%2F%2F", ".git", ".g\u200cit", "git~1", "..\\..", "C:\\x", "x" * 5000),
    *("%00", "%0a", "%7f", "%ed%a0%80", "%ff", "\u202e", "\t", " ", "e\u0301"),
    *("--", "-x", "--all", "--output=x", "@", "@{u}", "main@{1}", "HEAD~1", "HEAD^{tree}", "main:README.md", ":/fix"),
    *("a..b", "refs/heads/", "refs/matou/kept/000001/heads/main", "*", "?", "[", "main.lock", "1" * 40, "1" * 64),
    *("-1", "99999999999999999999", "1e9", "NaN", "true", "null", "[]", "<script>", "%25s%25n", "${x}"),
)
PLACES = (
    *("git/trees/{}", "git/trees/main?file_path={}", "git/trees/main?recursive={}", "git/trees/main?page={}"),
    *("contents/{}", "contents?ref={}", "contents/README.md?ref={}", "file_list?ref_name={}", "file_list?file_name={}"),
    *("git/blobs/{}", "raw/{}", "raw/README.md?ref={}", "tags?per_page={}", "branches?sort={}", "branches/{}"),
    *("commits?sha={}", "commits?path={}", "commits?author={}", "commits?since={}", "commits?until={}"),
    *("commit/{}/diff", "commit/{}/patch", "compare/{}", "compare/{}...main", "compare/main...{}"),
    *("compare/main~1...main?suffix={}", "compare/main...main?straight={}"),
    *("commits/{}", "commits/main?show_diff={}", "archive?ref={}", "archive?format={}", "archive/{}.zip"),
)


@pytest.mark.parametrize("place", PLACES)
def test_hostile_input_is_never_a_fault_of_ours(harbour: Harbour, place: str) -> None:
    harbour.git("update-ref", "refs/matou/kept/000001/heads/main", "main")

    for text in HOSTILE:
        encoded = text if text.startswith("%") else quote(text, safe="")
        answer = harbour.ask("GET", f"/repos/harbour/ferry/{place.format(encoded)}")

        assert answer.status_code < 500, (text, answer.text)
        if answer.status_code >= 400:
            body = answer.json()
            assert {"error_code", "error_code_name", "error_message", "trace_id"} <= set(body), text
            assert "fatal" not in answer.text
            assert str(harbour.forge.archive.root) not in answer.text
