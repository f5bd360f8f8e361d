"""Types of values: a scalar or an array of a NumPy dtype."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Layout = Literal["C", "F", "A"]


@dataclass(frozen=True)
class Scalar:
    """A number. `weak` marks a Python number, which gives way to NumPy dtypes (NEP 50)."""

    dtype: np.dtype
    weak: bool = False

    def __str__(self) -> str:
        return self.dtype.name


@dataclass(frozen=True)
class Array:
    """An array: dtype, rank and memory layout ("C", "F", or "A" for any strides)."""

    dtype: np.dtype
    ndim: int
    layout: Layout = "C"

    def __str__(self) -> str:
        axes = {
            "C": [":"] * (self.ndim - 1) + ["::1"],
            "F": ["::1"] + [":"] * (self.ndim - 1),
            "A": [":"] * self.ndim,
        }[self.layout]
        return f"{self.dtype.name}[{', '.join(axes[-self.ndim :]) if self.ndim else ''}]"


Type = Scalar | Array

FLOAT64 = Scalar(np.dtype(np.float64))
FLOAT32 = Scalar(np.dtype(np.float32))
INT64 = Scalar(np.dtype(np.int64))
BOOL = Scalar(np.dtype(np.bool_))
PYTHON_FLOAT = Scalar(np.dtype(np.float64), weak=True)
PYTHON_INT = Scalar(np.dtype(np.int64), weak=True)


def is_float(type: Type) -> bool:
    """Say whether values of `type` can carry a derivative."""
    return type.dtype.kind in "fc"
