"""The contract of financement, one module a capability. Amounts are integer euro cents."""
