"""One machine: the real Kafka and Redis from packages, the services, traffic and a page."""
