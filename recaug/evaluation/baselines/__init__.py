"""What a model has to beat: popular items, items bought together, sessions alike."""
