"""A product by recursion: x[n] x[n-1] ... x[0]."""


def product_down(x, n):
    if n < 0:
        return 1.0
    return x[n] * product_down(x, n - 1)


ARGS = lambda random: (random.uniform(0.5, 2.0, size=5), 4)
ARGNUMS = 0
