"""The intermediate representation: what a program is between its two texts."""
