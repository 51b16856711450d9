"""How what lies around the code is read and kept: kind by kind, what has changed since the last run."""
