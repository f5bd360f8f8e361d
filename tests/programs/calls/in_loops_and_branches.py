"""Calls inside loops and branches, of helpers with loops, branches and early returns."""


def clip(x, limit):
    if x > limit:
        return limit + 0.1 * (x - limit)
    for k in range(3):
        if x > -limit * (k + 1):
            return x * (1.0 + 0.1 * k)
        x += 0.2 * limit
    return -limit


def in_loops_and_branches(x, limit):
    total = 0.0
    i = 0
    while i < len(x):
        if x[i] > 0.0:
            total += clip(x[i] * 2.0, limit)
        elif i % 2 == 0:
            total -= clip(clip(x[i], limit) + total, 2.0 * limit)
            i += 1
            continue
        else:
            if clip(total, limit) > 4.0 * limit:
                return clip(total, limit)
        i += 1
    return total * total


ARGS = lambda random: (random.normal(size=8), 0.6)
ARGNUMS = (0, 1)
