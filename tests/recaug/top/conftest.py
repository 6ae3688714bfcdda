from tests.recaug.cli.conftest import shell

__all__ = ["shell"]
