"""Side-by-side measurements: ours and a named peer on the same broker, in the same minute."""
