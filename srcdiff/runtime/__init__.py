"""What generated code may call, under Numba (`NAMES`) and as plain Python (`PLAIN_NAMES`).

Both tables have the same keys; a function that generated text names by a word that is not in them
does not exist there.
"""

from srcdiff import words
from srcdiff.runtime import constants as _constants  # noqa: F401
from srcdiff.runtime import stack as _stack  # noqa: F401
from srcdiff.runtime.abreast import abreast
from srcdiff.runtime.fetch import fetch
from srcdiff.runtime.opacity import opaque
from srcdiff.runtime.product import product
from srcdiff.runtime.special import digamma, polygamma, spherical_bessel
from srcdiff.runtime.sums import plain_radd, radd
from srcdiff.runtime.tapes import grow
from srcdiff.runtime.vecmath import SCALAR

_BOTH: dict[str, object] = {
    "abreast": abreast,
    "digamma": digamma,
    "fetch": fetch,
    "grow": grow,
    "opaque": opaque,
    "polygamma": polygamma,
    "spherical_bessel": spherical_bessel,
    **{word.__name__: word for word in words.STACK},
}
NAMES: dict[str, object] = {
    "radd": radd,
    "product": product,
    **_BOTH,
    **{f"vector_{ours.__name__}": ours for ours in SCALAR},
}
PLAIN_NAMES: dict[str, object] = {
    "radd": plain_radd,
    "product": words.product,
    **_BOTH,
    **{f"vector_{ours.__name__}": plain for ours, plain in SCALAR.items()},
}
