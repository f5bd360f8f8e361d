"""Functions that the front end and the printer know by identity."""

from typing import Any

import numpy as np


def cast(x: Any, dtype: Any) -> Any:
    """Return `x`, a scalar or an array, as another dtype."""
    return np.asarray(x, dtype)[()]
