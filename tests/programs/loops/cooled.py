"""A body that cools until it is at rest or its time is over: `while` with `else`."""


def cooled(temperature, ambient, rates, limit):
    k = 0
    spent = 0.0
    while k < len(rates):
        loss = rates[k] * (temperature - ambient)
        temperature -= loss
        spent += loss * loss
        k += 1
        if temperature < limit:
            spent *= temperature
            break
    else:
        spent += 10.0 * (temperature - limit) ** 2
    while k > 0:
        k -= 2
        spent += 0.1 * spent * ambient
    else:
        spent = spent * 0.5 + temperature
    return spent


ARGS = lambda random: (3.0, 0.2, random.uniform(0.1, 0.3, size=6), 0.9)
ARGNUMS = (0, 1, 2, 3)
