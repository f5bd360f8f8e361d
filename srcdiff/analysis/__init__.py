"""Facts about a function. An analysis is a plain function: IR is frozen, nothing goes stale."""
