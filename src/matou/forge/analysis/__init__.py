"""What is computed about repositories: languages, contributors, contributions by day."""
