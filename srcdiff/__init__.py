"""Gradients for the NumPy and Numba code that people already have."""
from srcdiff.api import value_and_grad
__all__ = ["value_and_grad"]
