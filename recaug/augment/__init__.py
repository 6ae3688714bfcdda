"""Made-up training rows, each of which says where it came from."""
