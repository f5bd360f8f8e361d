"""The parts of reverse mode. `transform.adjoint` puts them together."""
