"""The clients of shared/clients, without a network."""
