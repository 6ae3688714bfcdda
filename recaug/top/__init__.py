"""`recaug top`: the whole installation on one screen of a terminal.

    scene.py   what the records of all topics say, folded one by one
    watch.py   two threads that read: records, and how far each service is behind
    frame.py   one frame as text, at any width
    keys.py    q, without a return

It joins no group and commits nothing, so looking changes nothing.
"""
