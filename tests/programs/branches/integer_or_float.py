"""A name that is an integer in one branch and a float in the other."""


def integer_or_float(x, rate):
    total = 0
    for value in x:
        if value < -0.3:
            weight = 0
        elif value < 0.5:
            weight = 2
        else:
            weight = rate * value
        scale = weight if value > 0.0 else 1
        total += weight * value + scale * scale * 0.5
    return total


ARGS = lambda random: (random.normal(size=7), 0.8)
ARGNUMS = (0, 1)
