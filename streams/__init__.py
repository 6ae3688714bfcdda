"""Faust: the batch transport and one module per service. Wiring only."""
