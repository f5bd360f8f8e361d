"""Passes: each maps a function to a function, one pass a file."""
