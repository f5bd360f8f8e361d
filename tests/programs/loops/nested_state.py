"""Nested loops whose inner loop starts from what the outer one has reached."""


def nested_state(x, weight):
    state = 1.0
    total = 0.0
    for i in range(len(x)):
        inner = state
        for j in range(i + 1):
            inner = inner * x[j] + weight
            state += 0.1 * inner
        for j in range(2):
            state = state * (1.0 - 0.1 * inner)
            inner -= state * x[i]
        total += inner * state
    return total


ARGS = lambda random: (random.uniform(-1.0, 1.0, size=4), 0.3)
ARGNUMS = (0, 1)
