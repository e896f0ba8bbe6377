"""The contract of orientation, one module a capability."""
