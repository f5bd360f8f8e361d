"""The inner loop ends at the counter of the outer one, which is not known in front of it."""


def below_the_diagonal(x):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(i):
            total += x[i, j] * x[i, j]
    return total


ARGS = lambda random: (random.normal(size=(4, 4)),)
ARGNUMS = 0
