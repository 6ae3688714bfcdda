"""Hostile input: the 66 rows of the catalogue, each with the outcome it must have here.

sent.py      what a producer sends, and a maker of such records
row.py       what a row is
bytes_rows.py, field_rows.py, text_rows.py, sender_rows.py    the rows
page.py      the rows as docs/reference/hostile-input.md: `python -m tests.hostile` writes it
fuzz.py      `python -m tests.hostile.fuzz --seconds 60`: atheris, with the rows as seeds
"""
