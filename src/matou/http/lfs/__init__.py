"""LFS as a client: the batch API, downloads and uploads, over the one session."""
