"""The programs of PyTorch's autograd tutorials, as plain functions.

On its own: python examples/from_pytorch.py
A picture:  python examples/from_pytorch.py --plot derivative.png

docs/from_pytorch.md shows each beside PyTorch's own text.
"""

import argparse
from typing import Any

import numpy as np

import srcdiff as sd

# ---- derivatives of numbers ----


def parabola(x):
    return 3.0 * x**2


def polynomial(x):
    return 6.0 * x**2 + 2.0 * x + 4.0


def two_variables(u, v):
    return u**3 + v**2 + 4.0 * u * v


def on_one_line(x, y):
    return (x + y) ** 2 + 2.0 * x * y


def on_several_lines(x, y):
    total = x + y
    square = total**2
    product = x * y
    return square + 2.0 * product


def numbers() -> dict[str, Any]:
    both = (0, 1)
    return {
        "3x^2 at 3": sd.grad(parabola)(3.0),
        "6x^2 + 2x + 4 at 3": sd.grad(polynomial)(3.0),
        "u^3 + v^2 + 4uv at (3, 4)": sd.grad(two_variables, both)(3.0, 4.0),
        "(x + y)^2 + 2xy at (2, -4)": sd.grad(on_one_line, both)(2.0, -4.0),
        "the same on several lines": sd.grad(on_several_lines, both)(2.0, -4.0),
    }


# ---- gradients of arrays ----


def twice_the_square(x):
    return 2.0 * np.dot(x, x)


def mean_of_squares(x):
    y = x + 2.0
    z = 3.0 * y * y
    return np.mean(z)


def wave(x):
    return np.sin(x) * np.exp(-0.1 * x * x)


def sum_of_wave(x):
    """Each output depends on one input, so the gradient of the sum is the derivative of each."""
    return np.sum(wave(x))


def arrays() -> dict[str, Any]:
    return {
        "2 x'x at (0, 1, 2, 3)": sd.grad(twice_the_square)(np.arange(4.0)),
        "mean(3 (x + 2)^2) at ones": sd.grad(mean_of_squares)(np.ones((2, 2))),
        "a wave, through its sum": sd.grad(sum_of_wave)(np.linspace(0.0, 2.0, 5)),
    }


# ---- outputs that are not numbers ----


def doubled(x):
    y = x * 2.0
    while np.linalg.norm(y) < 1000.0:
        y = y * 2.0
    return y


def squares(x):
    return x * x


START = np.array([0.5, -1.0, 2.0])
COTANGENT = np.array([0.1, 1.0, 0.0001])


def vectors() -> dict[str, Any]:
    out, back = sd.vjp(doubled, START)
    return {
        "doubled until its norm is 1000": out,
        "its gradient for a cotangent": back(COTANGENT)[0],
        "its Jacobian": sd.jacobian(doubled)(START),
        "x x, for a cotangent of ones": sd.vjp(squares, np.arange(4.0))[1](np.ones(4))[0],
    }


# ---- constants ----


def detached(x):
    y = x * x
    u = sd.stop_gradient(y)
    return np.sum(u * x)


def without_gradient(x):
    with sd.no_grad():
        y = x * x
    return np.sum(y * x)


def constants() -> dict[str, Any]:
    x = np.arange(4.0)
    return {
        "x (x x), detached": sd.grad(detached)(x),
        "x (x x), under no_grad": sd.grad(without_gradient)(x),
    }


# ---- Python control flow ----


def branching(a):
    b = a * 2.0
    while np.linalg.norm(b) < 1000.0:
        b = b * 2.0
    if np.sum(b) > 0.0:
        c = b
    else:
        c = 100.0 * b
    return np.sum(c)


def control_flow(seed: int = 0) -> dict[str, Any]:
    """The function is linear where it does not branch: its gradient is its value over `a`."""
    a = np.random.default_rng(seed).normal(size=1)
    return {
        "random a": a,
        "value over a": branching(a.copy()) / a,
        "gradient": sd.grad(branching)(a),
    }


# ---- linear regression ----


def mean_squared_error(weight, bias, x, y):
    error = x @ weight + bias - y
    return np.mean(error * error)


def regression_data() -> tuple[Any, Any]:
    """Return points on a line with slope 2 and offset 1, and noise."""
    random = np.random.default_rng(1)
    x = random.uniform(-1.0, 1.0, size=(50, 1))
    return x, 2.0 * x[:, 0] + 1.0 + 0.05 * random.normal(size=50)


def linear_regression(epochs: int = 100, rate: float = 0.3) -> dict[str, Any]:
    """Fit by gradient descent. There is no graph and no `zero_grad`: each call is a gradient.

    The parameters and the buffer of their gradient stay where they are.
    """
    x, y = regression_data()
    weight, bias = np.zeros(1), 0.0
    weight_bar = np.empty_like(weight)
    loss_and_gradient = sd.value_and_grad(mean_squared_error, ("weight", "bias"))
    for _ in range(epochs):
        loss, (weight_bar[...], bias_bar) = loss_and_gradient(weight, bias, x, y)
        weight -= rate * weight_bar
        bias -= rate * bias_bar
    return {"loss": loss, "weight": weight, "bias": bias}


# ---- all of it ----

CHAPTERS = {
    "Numbers": numbers,
    "Arrays": arrays,
    "Outputs that are not numbers": vectors,
    "Constants": constants,
    "Control flow": control_flow,
    "Linear regression": linear_regression,
}


def plot(path: str) -> None:
    """Draw the wave and its derivative."""
    import matplotlib.pyplot as plt

    x = np.linspace(-10.0, 10.0, 400)
    figure, axes = plt.subplots()
    axes.plot(x, wave(x), label="wave")
    axes.plot(x, sd.grad(sum_of_wave)(x), label="derivative")
    axes.legend()
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw a function and its derivative")
    options = parser.parse_args()
    for title, chapter in CHAPTERS.items():
        print(f"{title}:")
        for name, value in chapter().items():
            print(f"  {name}: {np.array2string(np.asarray(value), prefix=f'  {name}: ')}")
    if options.plot:
        plot(options.plot)


if __name__ == "__main__":
    main()
