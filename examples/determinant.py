"""The determinant by minors: recursion over nested lists, differentiated twice inside an optimiser.

The matrix is a list of rows, and a minor is a new list, without the first row and one column. How
long these lists are is known before anything runs, so the recursion ends while the function is
read: what is generated has neither lists nor calls. The problem is `det` of GradBench, which takes
it from B. M. Bell's cmpad.

A polynomial through values at n points is determined the better, the larger the determinant of the
powers of these points is. The best points between -1 and 1 (Fekete's) are found by Newton's method,
from gradient and Hessian of the logarithm of the determinant.

On its own: python examples/determinant.py
A picture:  python examples/determinant.py --plot determinant.png
"""

import argparse
from typing import Any

import numpy as np

import srcdiff as sd

MOST_STEPS = 20
CLOSE = 1e-12


def determinant(rows):
    """Expand by the first row; `rows` is a list of lists, or a tuple of tuples."""
    if len(rows) == 1:
        return rows[0][0]
    total, sign = 0.0, 1.0
    for column, factor in enumerate(rows[0]):
        minor = [row[:column] + row[column + 1 :] for row in rows[1:]]
        total += sign * factor * determinant(minor)
        sign = -sign
    return total


def spread(inner):
    """Return the logarithm of the determinant of the powers of -1, the inner points, and 1."""
    points = [-1.0] + inner + [1.0]
    rows = [[x**power for power, _ in enumerate(points)] for x in points]
    return 0.5 * np.log(determinant(rows) ** 2)


def fekete(count: int, **options: Any) -> list[float]:
    """Return the `count` points between -1 and 1 whose powers have the largest determinant."""
    gradient, hessian = sd.grad(spread, **options), sd.hessian(spread, **options)
    inner = np.linspace(-1.0, 1.0, count)[1:-1].tolist()
    for _ in range(MOST_STEPS):
        step = np.linalg.solve(hessian(inner), gradient(inner))
        inner = (np.array(inner) - step).tolist()
        if np.max(np.abs(step)) < CLOSE:
            break
    return [-1.0, *inner, 1.0]


def plot(path: str) -> None:
    """Draw how the spread of four points depends on the two inner ones, and where it is best."""
    import matplotlib.pyplot as plt

    s = np.linspace(-0.95, 0.95, 58)
    height = [[spread([x, y]) if x < y else np.nan for x in s] for y in s]
    figure, axes = plt.subplots()
    axes.contour(s, s, height, levels=np.linspace(-3.0, 0.6, 19))
    _, x, y, _ = fekete(4)
    axes.plot(x, y, "ko")
    axes.set_xlabel("second point")
    axes.set_ylabel("third point")
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the spread of four points")
    options = parser.parse_args()
    rows = [[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]]
    value, cofactors = sd.value_and_grad(determinant)(rows)
    print(f"determinant {value:g}, its gradient, the cofactors:\n{np.array(cofactors)}")
    for count in (3, 4, 5):
        print(f"best {count} points: {np.round(fekete(count), 6) + 0.0}")
    if options.plot:
        plot(options.plot)


if __name__ == "__main__":
    main()
