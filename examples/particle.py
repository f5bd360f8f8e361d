"""Where a charge must be for a particle to land at 0: gradients inside of a descent by gradients.

A particle flies above a plane, past two charges, and is accelerated by the gradient of their
potential. Height and place of one charge are fixed, the other stands at height 10 - w. Find the w
for which the particle hits the plane at 0, by descent along the gradient of the squared miss. The
problem is one of two of J. M. Siskind and B. A. Pearlmutter, who name w = 0.2071918746...
(Using polyvariant union-free flow analysis to compile a higher-order functional-programming
language with a first-class derivative operator to efficient Fortran-like code, 2008).

On its own: python examples/particle.py
A picture:  python examples/particle.py --plot particle.png
"""

import argparse
from typing import Any

import numpy as np

import srcdiff as sd

STEP = 0.1
CLOSE = 1e-5
"""A gradient and a step that are short enough to stop."""


def potential(x, w):
    """Return the potential at `x` of a charge at (10, 10 - w) and one at (10, 0)."""
    first = np.sqrt((x[0] - 10.0) ** 2 + (x[1] - 10.0 + w) ** 2)
    second = np.sqrt((x[0] - 10.0) ** 2 + x[1] ** 2)
    return 1.0 / first + 1.0 / second


def miss(w):
    """Fly by Euler's method from (0, 8), and return the square of where the plane is hit."""
    x = np.array([0.0, 8.0])
    velocity = np.array([0.75, 0.0])
    while True:
        ahead = x + STEP * velocity
        if ahead[1] <= 0.0:
            break
        velocity = velocity - STEP * sd.grad(potential)(x, w)
        x = ahead
    rest = -x[1] / velocity[1]
    return (x[0] + rest * velocity[0]) ** 2


def argmin(f, x):
    """Descend along the gradient of `f`, a function of one number, and return where it ends.

    The rate doubles after ten steps that went well.
    """
    value, slope = sd.value_and_grad(f)(x)
    rate, successes = 1e-5, 0
    while abs(slope) > CLOSE:
        if successes == 10:
            rate, successes = 2.0 * rate, 0
        trial = x - rate * slope
        if abs(trial - x) <= CLOSE:
            break
        trial_value, trial_slope = sd.value_and_grad(f)(trial)
        if trial_value < value:
            x, value, slope = trial, trial_value, trial_slope
            successes += 1
        else:
            rate, successes = 0.5 * rate, 0
    return x


def path(w: float) -> Any:
    """Return the places of the particle, one row for each step, down to the plane."""
    force = sd.grad(potential)
    x, velocity = np.array([0.0, 8.0]), np.array([0.75, 0.0])
    places = [x]
    while x[1] > 0.0:
        x, velocity = x + STEP * velocity, velocity - STEP * force(x, w)
        places.append(x)
    return np.array(places)


def plot(file: str, w: float) -> None:
    """Draw the path without and with the charge in its place."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for each in (0.0, w):
        axes.plot(*path(each).T, label=f"w = {each:.4f}")
    axes.axhline(0.0, color="black", linewidth=0.5)
    axes.legend()
    figure.savefig(file)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw two paths of the particle")
    options = parser.parse_args()
    w = argmin(miss, 0.0)
    print(f"w = {w:.10f}, miss {miss(w):.3g}")
    if options.plot:
        plot(options.plot, w)


if __name__ == "__main__":
    main()
