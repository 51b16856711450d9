"""Asking other servers: the one HTTP session, paging, waiting, git over HTTP and LFS as a client."""
