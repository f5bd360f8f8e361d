"""Rows that a name was bound to, and that are overwritten once it is bound to another."""


def last_rows(x, S):
    total = 0.0
    for t in range(2):
        cur = x
        for q in range(len(S)):
            for i in range(len(x)):
                S[q, i] = S[q, i] * cur[i] + 0.3 * S[q - 1, i]
            cur = S[q]
        total += cur[0] * cur[1]
        S[1] *= total
    return total + S[0, 0]


ARGS = lambda random: (random.normal(size=2), random.normal(size=(3, 2)))
ARGNUMS = (0, 1)
