"""A functions host for a developer's machine: does for HTTP, queue and timer triggers what Azure's does."""
