"""An epidemic with a lockdown that starts and ends with the number of the infected."""

import numpy as np


def epidemic(contact, recovery, strength, start, end):
    s, i, r = 0.98, 0.02, 0.0
    locked = False
    worst = i
    history = np.zeros(40)
    for day in range(40):
        rate = contact * (1.0 - strength) if locked else contact
        infected = rate * s * i
        recovered = recovery * i
        s, i, r = s - infected, i + infected - recovered, r + recovered
        history[day] = i
        if not locked and i > start:
            locked = True
        elif locked and i < end:
            locked = False
        worst = max(worst, i)
        if day > 7 and history[day - 7] < 0.01:
            break
    return worst + r + 0.1 * np.sum(history)


ARGS = lambda random: (0.6, 0.2, 0.7, 0.1, 0.06)
ARGNUMS = (0, 1, 2)
