"""What is added in both directions is another number in each iteration."""


def both_ways(x, n):
    s = 0.0
    for i in range(n - 1, -1, -1):
        s = 0.5 * s + x[i] + x[n - 1 - i]
    return s


ARGS = lambda random: (random.normal(size=9), 9)
ARGNUMS = 0
