"""Gradients for the NumPy and Numba code that people already have."""
