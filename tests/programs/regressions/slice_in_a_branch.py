"""A slice with a carried start, in a loop, of an array that only this branch makes and reads."""


def slice_in_a_branch(x):
    s = 0.0
    if x[0] > 0.0:
        t = x * 2.0
        start = 1
        for i in range(3):
            start = (start * 3 + i) % 4
            v = t[start : start + 2]
            v[0] = v[0] * v[1]
            v *= x[i]
            s += v[0] * v[1]
    return s * 2.0


ARGS = lambda random: (random.uniform(0.3, 1.3, 6),)
ARGNUMS = 0
