"""Other people's models. Each module runs under a Python of its own: nothing here imports it."""
