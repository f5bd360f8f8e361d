"""Gradients for the NumPy and Numba code that people already have."""

from srcdiff.api import grad, pullback, value_and_grad, vjp
from srcdiff.errors import (
    AliasingError,
    BoundsError,
    CompilationError,
    InternalError,
    NotDifferentiable,
    RuleError,
    ShapeError,
    SrcdiffError,
    TypeInferenceError,
    UnknownFunction,
    UnsupportedSyntax,
)

__all__ = [
    "AliasingError",
    "BoundsError",
    "CompilationError",
    "InternalError",
    "NotDifferentiable",
    "RuleError",
    "ShapeError",
    "SrcdiffError",
    "TypeInferenceError",
    "UnknownFunction",
    "UnsupportedSyntax",
    "grad",
    "pullback",
    "value_and_grad",
    "vjp",
]
