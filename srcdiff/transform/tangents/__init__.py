"""The parts of forward mode. `transform.tangent` puts them together."""
