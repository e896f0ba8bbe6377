"""Webhooks of a service: subscriptions, signed deliveries, and the guard of where they go."""
