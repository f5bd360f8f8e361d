"""Huber's loss in a loop: one of two formulas for each residual."""


def huber(w, X, y, delta):
    total = 0.0
    for i in range(X.shape[0]):
        r = -y[i]
        for j in range(X.shape[1]):
            r += X[i, j] * w[j]
        if abs(r) <= delta:
            total += 0.5 * r * r
        else:
            total += delta * (abs(r) - 0.5 * delta)
    return total / len(y)


ARGS = lambda random: (
    random.normal(size=3),
    random.normal(size=(6, 3)),
    random.normal(size=6),
    0.8,
)
ARGNUMS = (0, 1, 3)
