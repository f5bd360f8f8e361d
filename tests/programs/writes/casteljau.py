"""A point of a Bezier curve: the control points are averaged in place, dimension by dimension."""


def casteljau(points, t):
    n, d = points.shape
    for level in range(1, n):
        for i in range(n - level):
            for a in range(d):
                points[i, a] = (1.0 - t) * points[i, a] + t * points[i + 1, a]
    return points[0, 0] ** 2 + points[0, 1] * points[0, 2]


ARGS = lambda random: (random.normal(size=(5, 3)), 0.3)
ARGNUMS = (0, 1)
