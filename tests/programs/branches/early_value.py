"""A rate that changes its formula with the state, as a simulation has it."""

import math


def early_value(state, threshold, rates):
    reached = 0
    cost = 0.0
    for rate in rates:
        if state < threshold and reached < 2:
            state = state * math.exp(rate)
            cost += state
        elif state < 2.0 * threshold or rate < 0.0:
            state += rate
            reached += 1
        else:
            state = threshold + 0.1 * (state - threshold)
        cost = cost * 0.9 + (state if reached else 0.5 * state * state)
    return cost


ARGS = lambda random: (0.4, 0.9, random.uniform(-0.2, 0.9, size=8))
ARGNUMS = (0, 1, 2)
