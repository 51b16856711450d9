"""What was said around the code, for people and programs without Matou: pages, tables, lines of JSON."""
