"""The special functions of `math`, and the families that their derivatives lead into.

SciPy's names are aliases that are looked up only once SciPy is imported, because Numba compiles
`math.erf` and not `scipy.special.erf`.
"""

import math

from srcdiff.rules.expression import digamma, exp, polygamma, spherical_bessel
from srcdiff.rules.registry import elementwise, late_alias
from srcdiff.runtime import special

SLOPE = 2 / math.sqrt(math.pi)

# fmt: off

elementwise(math.erf,          lambda y, x: SLOPE * exp(-x**2))
elementwise(math.erfc,         lambda y, x: -SLOPE * exp(-x**2))
elementwise(math.gamma,        lambda y, x: y * digamma(x),               singular=True)
elementwise(math.lgamma,       lambda y, x: digamma(x),                   singular=True)
elementwise(special.digamma,   lambda y, x: polygamma(1, x),              singular=True)
elementwise(special.polygamma, lambda y, n, x: (None, polygamma(n + 1, x)), singular=True)

# DLMF 10.51.2, the form without a division by x
elementwise(special.spherical_bessel, lambda y, n, x: (
    None, (n * spherical_bessel(n - 1, x) - (n + 1) * spherical_bessel(n + 1, x)) / (2 * n + 1)))

late_alias(math.erf, "scipy.special", "erf")
late_alias(math.erfc, "scipy.special", "erfc")
late_alias(math.gamma, "scipy.special", "gamma")
late_alias(math.lgamma, "scipy.special", "gammaln")
late_alias(special.digamma, "scipy.special", "psi", "digamma")
late_alias(special.polygamma, "scipy.special", "polygamma")
