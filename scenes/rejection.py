"""The one exception that means "draw again": an infeasible take, as opposed to a bug or bad input."""


class Rejected(Exception):
    """A take that cannot be used. The pipeline counts it and redraws the nuisance factors.

    Args:
        stage: where it was found out: ``staging``, ``occlusion`` or ``question``.
        reason: a short, constant phrase (it is a key of the closing table, so no numbers in it).
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(stage, reason)
        self.stage = stage
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.stage}: {self.reason}"
