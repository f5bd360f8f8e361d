"""Heat that spreads in a box whose conductivity changes from place to place."""


def heated_box(heat, conductivity, steps):
    heat = heat.copy()
    n, m, levels = heat.shape
    for _ in range(steps):
        old = heat.copy()
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                for k in range(1, levels - 1):
                    here = old[i, j, k]
                    flow = conductivity[i + 1, j, k] * (old[i + 1, j, k] - here)
                    flow += conductivity[i, j, k] * (old[i - 1, j, k] - here)
                    flow += conductivity[i, j + 1, k] * (old[i, j + 1, k] - here)
                    flow += conductivity[i, j, k] * (old[i, j - 1, k] - here)
                    flow += conductivity[i, j, k + 1] * (old[i, j, k + 1] - here)
                    flow += conductivity[i, j, k] * (old[i, j, k - 1] - here)
                    heat[i, j, k] = here + 0.1 * flow
    total = 0.0
    for i in range(n):
        for j in range(m):
            for k in range(levels):
                total += heat[i, j, k] * heat[i, j, k]
    return total


ARGS = lambda random: (random.normal(size=(4, 3, 5)), random.uniform(0.5, 1.5, size=(4, 3, 5)), 2)
ARGNUMS = (0, 1)
