"""The calls that change code: files, branches, tags."""

from base64 import b64encode

from matou.http.addresses import file_path, repository_path, segment
from matou.platforms.gitcode.api import GitCodeCalls
from matou.platforms.gitcode.enums import Author
from matou.platforms.gitcode.wire import FileCreated, FileDeleted, FileUpdated, GitCodeBranch, GitCodeTag


class WritingCalls(GitCodeCalls):
    """None of these is sent again by itself, since a second one would be refused for what the first has done."""

    def create_file(
        self,
        repository: str,
        path: str,
        content: bytes,
        *,
        message: str,
        branch: str | None = None,
        author: Author | None = None,
    ) -> FileCreated:
        """4. As a commit. Raises AlreadyExists where there is a file."""
        answer = self._api.send_json(
            "POST",
            _contents(repository, path),
            body={"content": _base64(content), "message": message, "branch": branch, **_author(author)},
            repeatable=False,
        )
        return self._api.read(FileCreated, answer)

    def update_file(
        self,
        repository: str,
        path: str,
        content: bytes,
        *,
        sha: str,
        message: str,
        branch: str | None = None,
        author: Author | None = None,
    ) -> FileUpdated:
        """5. `sha` is the blob that is to be replaced; another one there is a failure, and nothing is changed."""
        answer = self._api.send_json(
            "PUT",
            _contents(repository, path),
            body={"content": _base64(content), "sha": sha, "message": message, "branch": branch, **_author(author)},
            repeatable=False,
        )
        return self._api.read(FileUpdated, answer)

    def delete_file(
        self, repository: str, path: str, *, sha: str, message: str, branch: str | None = None
    ) -> FileDeleted:
        """6. `sha` as in `update_file`."""
        answer = self._api.send_json(
            "DELETE",
            _contents(repository, path),
            body={"sha": sha, "message": message, "branch": branch},
            repeatable=False,
        )
        return self._api.read(FileDeleted, answer)

    def create_branch(self, repository: str, name: str, *, start: str) -> GitCodeBranch:
        """At a branch, a tag or a commit."""
        answer = self._api.send_json(
            "POST",
            f"{repository_path(repository)}/branches",
            body={"branch_name": name, "refs": start},
            repeatable=False,
        )
        return self._api.read(GitCodeBranch, answer)

    def delete_branch(self, repository: str, name: str) -> None:
        self._api.request("DELETE", f"{repository_path(repository)}/branches/{segment(name)}", repeatable=False)

    def create_tag(self, repository: str, name: str, *, start: str, message: str | None = None) -> GitCodeTag:
        """At a branch, a tag or a commit; with a message it is an object of its own."""
        answer = self._api.send_json(
            "POST",
            f"{repository_path(repository)}/tags",
            body={"tag_name": name, "refs": start, "tag_message": message},
            repeatable=False,
        )
        return self._api.read(GitCodeTag, answer)

    def delete_tag(self, repository: str, name: str) -> None:
        self._api.request("DELETE", f"{repository_path(repository)}/tags/{segment(name)}", repeatable=False)


def _contents(repository: str, path: str) -> str:
    return f"{repository_path(repository)}/contents/{file_path(path)}"


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _author(author: Author | None) -> dict[str, object]:
    return {} if author is None else {"author[name]": author.name, "author[email]": author.email}
