"""The programs of `examples/from_pytorch.py` in PyTorch, with the same names."""

from typing import Any

import numpy as np
import torch

from examples import from_pytorch as ours


def leaf(value: Any) -> Any:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def gradient(f: Any, *values: Any) -> Any:
    leaves = tuple(map(leaf, values))
    f(*leaves).backward()
    found = tuple(one.grad.numpy() for one in leaves)
    return found if len(found) > 1 else found[0]


def numbers() -> dict[str, Any]:
    def several(x: Any, y: Any) -> Any:
        total = x + y
        square = total**2
        product = x * y
        return square + 2 * product

    return {
        "3x^2 at 3": gradient(lambda x: 3 * x**2, 3.0),
        "6x^2 + 2x + 4 at 3": gradient(lambda x: 6 * x**2 + 2 * x + 4, 3.0),
        "u^3 + v^2 + 4uv at (3, 4)": gradient(lambda u, v: u**3 + v**2 + 4 * u * v, 3.0, 4.0),
        "(x + y)^2 + 2xy at (2, -4)": gradient(lambda x, y: (x + y) ** 2 + 2 * x * y, 2.0, -4.0),
        "the same on several lines": gradient(several, 2.0, -4.0),
    }


def wave(x: Any) -> Any:
    return torch.sin(x) * torch.exp(-0.1 * x * x)


def arrays() -> dict[str, Any]:
    return {
        "2 x'x at (0, 1, 2, 3)": gradient(lambda x: 2 * torch.dot(x, x), np.arange(4.0)),
        "mean(3 (x + 2)^2) at ones": gradient(
            lambda x: (3 * (x + 2) * (x + 2)).mean(), np.ones((2, 2))
        ),
        "a wave, through its sum": gradient(lambda x: wave(x).sum(), np.linspace(0.0, 2.0, 5)),
    }


def doubled(x: Any) -> Any:
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    return y


def vectors() -> dict[str, Any]:
    x = leaf(ours.START)
    y = doubled(x)
    y.backward(torch.tensor(ours.COTANGENT))
    z = leaf(np.arange(4.0))
    (z * z).backward(torch.ones(4, dtype=torch.float64))
    return {
        "doubled until its norm is 1000": y.detach().numpy(),
        "its gradient for a cotangent": x.grad.numpy(),
        "its Jacobian": torch.autograd.functional.jacobian(doubled, leaf(ours.START)).numpy(),
        "x x, for a cotangent of ones": z.grad.numpy(),
    }


def constants() -> dict[str, Any]:
    def under_no_grad(x: Any) -> Any:
        with torch.no_grad():
            y = x * x
        return (y * x).sum()

    x = np.arange(4.0)
    return {
        "x (x x), detached": gradient(lambda x: ((x * x).detach() * x).sum(), x),
        "x (x x), under no_grad": gradient(under_no_grad, x),
    }


def branching(a: Any) -> Any:
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return (b if b.sum() > 0 else 100 * b).sum()


def control_flow(seed: int = 0) -> dict[str, Any]:
    a = np.random.default_rng(seed).normal(size=1)
    return {
        "random a": a,
        "value over a": branching(torch.tensor(a)).numpy() / a,
        "gradient": gradient(branching, a),
    }


def linear_regression(epochs: int = 100, rate: float = 0.3) -> dict[str, Any]:
    x, y = map(torch.tensor, ours.regression_data())
    weight, bias = leaf(np.zeros(1)), leaf(0.0)
    optimiser = torch.optim.SGD([weight, bias], lr=rate)
    for _ in range(epochs):
        loss = torch.nn.functional.mse_loss(x @ weight + bias, y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = {"loss": loss, "weight": weight, "bias": bias}
    return {name: value.detach().numpy() for name, value in found.items()}
