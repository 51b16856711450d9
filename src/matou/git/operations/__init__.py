"""What is done with a repository as a whole: fetch, push, check, compare, archive."""
