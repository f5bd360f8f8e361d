"""Where a field first crosses its level: a return out of three loops."""


def first_crossing(field, level):
    seen = 0.0
    for i in range(field.shape[0]):
        for j in range(field.shape[1]):
            k = 0
            while k < field.shape[2]:
                value = field[i, j, k]
                seen += 0.1 * value * value
                if value > level:
                    return seen * (value - level) + i + 0.5 * j
                if seen > 50.0:
                    return seen
                k += 1
        seen *= 0.9
    return seen


def ARGS(random):
    field = random.uniform(0.0, 1.0, size=(3, 2, 4))
    field[1, 1, 2] = 1.6
    return field, 1.1


ARGNUMS = (0, 1)
