"""Dead letters after they were written: found again, mended and sent again, or dropped.

letters   the letters kept, and what was done about each
marks     how that is noted
mends     which field is wrong, and what to type
edit      a value with fields set
again     back into the topic they came from
drop      done with

A letter is named by the record that was refused, `topic:partition:offset`, as everywhere else. What
was done about it is written beside it: a record on the same topic with the letter's headers, an
empty value, and the header `recaug.handled`. It lives as long as letters do and needs no other
topic, and whoever counts letters by the record that was refused counts none twice.
"""

from __future__ import annotations
