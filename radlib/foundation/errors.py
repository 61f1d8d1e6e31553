"""The errors a user can cause, each with the exit code that `radlib` leaves with.

A message is one sentence: what is wrong, where (an image id, never a patient's name or a tag), and what to
do. The command line prints that sentence alone; in a notebook it is the last line of the traceback.
"""


class RadlibError(Exception):
    """Something went wrong that the message explains."""

    exit_code = 1


class UsageError(RadlibError):
    """A name, a parameter or a combination that does not exist."""

    exit_code = 2


class NotApplicable(UsageError):
    """A technique that does not suit a network: no mistake of the user's, and no reason to end a run.

    It is for what only the network tells, when the technique is at it. A parameter out of range is a `UsageError`.
    """


class DataError(RadlibError):
    """Films or labels that are missing, unreadable or contradictory."""

    exit_code = 3


class QualityGateError(RadlibError):
    """A demand of the study on quality or size that no variant met."""

    exit_code = 4


class SetupError(RadlibError):
    """The machine lacks something: disk, network, a package, a codec."""

    exit_code = 5


class MissingExtra(SetupError):
    """A library is not installed that one of radlib's extras brings, see `extras`."""
