"""Gitee: API v3, which extensions call, and API v5, which backup and migration need."""
