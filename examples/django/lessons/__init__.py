"""Lessons, each of which is recorded."""
