"""A saddle point: gradient descent on what gradient ascent finds, gradients of gradients.

    min over x of max over y of x'x - y'y,   x and y in the plane

Each minimum is found by descent along gradients, and the outer gradient is that of a function that
descends itself. The problem is one of two of J. M. Siskind and B. A. Pearlmutter (Using polyvariant
union-free flow analysis to compile a higher-order functional-programming language with a
first-class derivative operator to efficient Fortran-like code, 2008).

On its own: python examples/saddle.py
A picture:  python examples/saddle.py --plot saddle.png
"""

import argparse
from typing import Any

import numpy as np

import srcdiff as sd

START = np.array([1.0, 1.0])
CLOSE = 1e-5
"""A gradient and a step that are short enough to stop."""


def argmin(f, start):
    """Descend along the gradient of `f`; the rate doubles after ten steps that went well."""
    x = start.copy()
    value, slope = sd.value_and_grad(f)(x)
    rate, successes = 1e-5, 0
    while np.sum(slope * slope) > CLOSE**2:
        if successes == 10:
            rate, successes = 2.0 * rate, 0
        step = rate * slope
        if np.sum(step * step) <= CLOSE**2:
            break
        trial = x - step
        trial_value, trial_slope = sd.value_and_grad(f)(trial)
        if trial_value < value:
            x, value, slope = trial, trial_value, trial_slope
            successes += 1
        else:
            rate, successes = 0.5 * rate, 0
    return x


def game(x, y):
    return np.sum(x * x) - np.sum(y * y)


def worst(x):
    """Return the largest value of the game by its second argument, found by an inner descent."""
    y = argmin(lambda y: -game(x, y), START)
    return game(x, y)


def saddle() -> tuple[Any, Any]:
    """Return where the value is least for the worst `y`, and that `y`."""
    x = argmin(worst, START)
    return x, argmin(lambda y: -game(x, y), START)


def plot(path: str, x: Any, y: Any) -> None:
    """Draw the game along a line in each plane, with the point that was found."""
    import matplotlib.pyplot as plt

    s = np.linspace(-1.0, 1.0, 101)
    figure, axes = plt.subplots()
    contours = axes.contour(s, s, s[None, :] ** 2 - s[:, None] ** 2, levels=11)
    axes.clabel(contours)
    axes.plot(x[0], y[0], "ko")
    axes.set_xlabel("x[0]")
    axes.set_ylabel("y[0]")
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the game and its saddle point")
    options = parser.parse_args()
    x, y = saddle()
    print(f"x = {x}, y = {y}, value {game(x, y):.3g}")
    if options.plot:
        plot(options.plot, x, y)


if __name__ == "__main__":
    main()
