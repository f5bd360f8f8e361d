"""A power series, summed until its terms no longer count: the Bessel function J0."""


def bessel_series(x):
    term = 1.0
    total = 1.0
    k = 0
    while True:
        k += 1
        term *= -x * x / (4.0 * k * k)
        if abs(term) < 1e-9 * abs(total):
            break
        total += term
    return total


ARGS = lambda random: (1.7,)
ARGNUMS = 0
