"""`python -m recaug` is the `recaug` command."""

from recaug.cli import main

if __name__ == "__main__":
    main()
