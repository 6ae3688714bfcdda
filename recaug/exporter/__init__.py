"""Metrics of an installation for Prometheus, from outside: a service that is dead cannot tell.

families   every metric: name, type, what it is
groups     what a sample of lag says, under kafka-lag-exporter's names
tally      what the records of the topics say: answers, refusals, models, quality
freshness  how long an event waits for its list
watch      keeps both up to date, in threads of their own
server     serves them: `/metrics`, `/healthz`, `/readyz`, `/version`
"""
