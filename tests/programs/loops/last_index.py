"""Loop variables that are read after their loops, left early or run to the end."""


def last_index(x, limit):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
        if total > limit:
            break
    for j in range(1, i + 1, 2):
        total += x[j] * x[i]
    return total * x[i] + 0.5 * j * x[j]


ARGS = lambda random: (random.uniform(0.3, 1.0, size=7), 1.4)
ARGNUMS = (0, 1)
