"""The Lotka-Volterra equations by the classical Runge-Kutta method."""


def slope(prey, hunters, growth, catch):
    return growth * prey - catch * prey * hunters, catch * prey * hunters - hunters


def runge_kutta(prey, hunters, growth, catch, dt, steps):
    for _ in range(steps):
        a1, b1 = slope(prey, hunters, growth, catch)
        a2, b2 = slope(prey + 0.5 * dt * a1, hunters + 0.5 * dt * b1, growth, catch)
        a3, b3 = slope(prey + 0.5 * dt * a2, hunters + 0.5 * dt * b2, growth, catch)
        a4, b4 = slope(prey + dt * a3, hunters + dt * b3, growth, catch)
        prey += dt / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        hunters += dt / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
    return prey * hunters


ARGS = lambda random: (1.2, 0.9, 1.1, 0.6, 0.1, 6)
ARGNUMS = (0, 1, 2, 3)
