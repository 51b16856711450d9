"""The process that colours texts, one after the other (`colouring.py`)."""

from matou.git.process.kept_worker import answer_requests
from matou.server.web.highlight import highlighted


def colour(request: bytes) -> bytes:
    """A file's name, NUL, its text; the answer is its lines as HTML."""
    name, _, text = (part.decode("utf-8", "surrogatepass") for part in request.partition(b"\0"))
    return "\n".join(highlighted(text, name)).encode("utf-8", "surrogatepass")


if __name__ == "__main__":
    answer_requests(colour)
