"""Files are opened around the call."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`with` is"


def f(x):
    with open("values.txt") as file:  # <-- error
        return x * float(file.read())
