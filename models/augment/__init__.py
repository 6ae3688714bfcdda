"""What augments inside training and what synthesises rows: the part that needs torch.

adversarial   FGM and PGD: rows of the item table moved where it hurts most
mixup         two positions at once, each for its share
decoder       events one after the other from noise; both generators are made of it
vae, gan      the two ways to train it
synthesis     from a log to training rows
wording       other wordings of a text by any seq2seq model
"""
