"""recaug: a streaming recommender that learns while it serves."""
