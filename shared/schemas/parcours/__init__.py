"""The contract of parcours, one module a capability."""
