"""Insertion sort, by swaps of elements: a weighted sum of order statistics."""


def sorted_elements(x, weights):
    for i in range(1, len(x)):
        j = i
        while j > 0 and x[j - 1] > x[j]:
            x[j - 1], x[j] = x[j], x[j - 1]
            j -= 1
    total = 0.0
    for i in range(len(x)):
        total += weights[i] * x[i] * x[i]
    return total


ARGS = lambda random: (random.normal(size=6), random.normal(size=6))
ARGNUMS = (0, 1)
