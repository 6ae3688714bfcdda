"""torch: the sequence model, the text encoder, training and export. Knows no Kafka, no Redis."""
