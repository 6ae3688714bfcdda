"""Made-up training rows, each of which says where it came from.

rows       sequences as arrays, and their origins
sequence   views of a sequence: crop, mask, reorder …
registry   every augmenter by name, with its weight and the place where it acts
mix        how much of each a run uses
words      other wordings of a text, without a model; `wordbook` keeps those of a model
lift       what one is worth, by paired differences
bandit     which mix the next fine-tune tries, by what the ones before gained
"""
