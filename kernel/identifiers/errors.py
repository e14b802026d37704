"""Why an identifier was refused: in both languages, and without ever repeating it."""

from kernel.text import Text


class InvalidIdentifier(ValueError):
    """Not an identifier of its kind. `code` is stable; `reason` tells a person what to mend."""

    def __init__(self, code: str, reason: Text) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
