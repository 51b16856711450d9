"""GitLab's project export, as its own import reads it: lib/gitlab/import_export of GitLab, version 0.2.4."""
