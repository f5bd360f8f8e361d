"""A Runge-Kutta step for any right-hand side: a function and `*args` for it as arguments."""


def rk4(f, t, y, h, *args):
    k1 = f(t, y, *args)
    k2 = f(t + 0.5 * h, y + 0.5 * h * k1, *args)
    k3 = f(t + 0.5 * h, y + 0.5 * h * k2, *args)
    k4 = f(t + h, y + h * k3, *args)
    return y + h * (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0


def logistic(t, y, rate, capacity):
    return rate * y * (1.0 - y / capacity)


def decay(t, y, rate):
    return -rate * y * (1.0 + t)


def integrator(y, rate, capacity):
    t, h = 0.0, 0.2
    for step in range(5):
        y = rk4(logistic, t, y, h, rate, capacity)
        if step % 2 == 0:
            y = rk4(decay, t, y, h, 0.3 * rate)
        else:
            y = rk4(lambda s, v: s - v, t, y, h)
        t += h
    return y


ARGS = lambda random: (0.4, 1.3, 2.0)
ARGNUMS = (0, 1, 2)
