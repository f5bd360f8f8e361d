"""A polynomial by Horner's rule, highest coefficient last."""


def horner(coefficients, x):
    value = 0.0
    for k in range(len(coefficients) - 1, -1, -1):
        value = value * x + coefficients[k]
    return value


ARGS = lambda random: (random.normal(size=6), 0.7)
ARGNUMS = (0, 1)
