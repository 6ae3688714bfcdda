"""How good what is served is, while it is served: score first, learn after.

record        the contract of the topic `recaug.metrics`
judge         looks for what users do next in the lists they were served
review        hands it what was answered, and asks the frozen model about a sample
sampling      keeps that model to its share of the time
totals        records summed by version, for people
exposition    and for Prometheus
"""
