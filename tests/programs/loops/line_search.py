"""Steepest descent with a step that is halved until the function falls enough."""


def line_search(x, y, curvature):
    for k in range(4):
        f = (1.0 - x) ** 2 + curvature * (y - x * x) ** 2
        gx = -2.0 * (1.0 - x) - 4.0 * curvature * x * (y - x * x)
        gy = 2.0 * curvature * (y - x * x)
        slope = gx * gx + gy * gy
        step = 1.0
        tries = 0
        while True:
            u, v = x - step * gx, y - step * gy
            if (1.0 - u) ** 2 + curvature * (v - u * u) ** 2 < f - 0.3 * step * slope:
                break
            step *= 0.5
            tries += 1
            if tries > 12:
                return f
        x, y = u, v
    return (1.0 - x) ** 2 + curvature * (y - x * x) ** 2


ARGS = lambda random: (-0.4, 0.7, 3.0)
ARGNUMS = (0, 1, 2)
