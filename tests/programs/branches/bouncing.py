"""A ball that bounces: events inside the steps of a simulation, and rest at the end."""


def bouncing(height, speed, restitution, dt):
    time = 0.0
    bounces = 0
    lost = 0.0
    while time < 2.0:
        speed -= 9.81 * dt
        height += dt * speed
        time += dt
        if height < 0.0:
            height = -restitution * height
            before = speed
            speed = -restitution * speed
            lost += before * before - speed * speed
            bounces += 1
            if bounces == 3:
                break
        elif speed < 0.0 and height < 0.05:
            continue
        lost += 0.01 * height
    return lost + height * bounces


ARGS = lambda random: (1.0, 0.5, 0.8, 0.05)
ARGNUMS = (0, 1, 2)
