"""A product over a range that is known only at run time; one factor is zero."""


def running_product(x, first, last):
    product = 1.0
    for i in range(first, last):
        product *= x[i]
    return product


def ARGS(random):
    x = random.uniform(0.5, 1.5, size=8)
    x[4] = 0.0
    return x, 2, 7


ARGNUMS = 0
