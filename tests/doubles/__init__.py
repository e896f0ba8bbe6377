"""The systems of others, as ASGI apps: tests and the sandbox stand on them."""
