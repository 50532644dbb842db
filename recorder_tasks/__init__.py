"""Recordings that always start on time and always stop."""
