"""The volume guard: how many persons a client is shown in a day, against its habit."""
