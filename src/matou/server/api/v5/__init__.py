"""What was said around a repository as any API v5 serves it: the same paths and filters, each dialect's own rows."""
