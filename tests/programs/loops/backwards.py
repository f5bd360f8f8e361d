"""Steps below zero: backwards over an array, and over every other element."""


def backwards(x, decay):
    carry = 0.0
    total = 0.0
    for i in range(len(x) - 1, -1, -1):
        carry = decay * carry + x[i] * x[i]
        total += carry
    for i in range(len(x) - 1, 0, -2):
        carry = carry * x[i] - x[i - 1]
        total += carry * carry
    step = -3
    for i in range(len(x) - 1, -1, step):
        total *= 1.0 + 0.2 * x[i]
    return total


ARGS = lambda random: (random.normal(size=6), 0.7)
ARGNUMS = (0, 1)
