"""Elements that some iterations overwrite after others have read them."""


def conditional_overwrite(x, limit):
    total = 0.0
    for t in range(3):
        for i in range(len(x)):
            total += x[i] ** 2
            if x[i] > limit:
                x[i] = 0.5 * x[i] * limit
            elif i > 0:
                x[i] += x[i - 1] * x[i]
    return total


ARGS = lambda random: (random.normal(size=6), 0.6)
ARGNUMS = (0, 1)
