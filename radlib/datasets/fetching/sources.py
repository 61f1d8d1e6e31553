"""Where the films of a data set can be had, and what to do by hand where a program may not.

A file with a published digest can be fetched and checked. Kaggle wants an account, and for a challenge its rules
accepted. Only digests that the publisher has published stand here: a digest that nobody can check against is worse than
none.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Download:
    """One file on a server.

    Attributes:
        url: Where it lies.
        file: What it is called here.
        digest: `sha256:…` or `md5:…` as its publisher gives it.
        most_bytes: More than this is not the file; the download is stopped.
    """

    url: str
    file: str
    digest: str
    most_bytes: int


@dataclass(frozen=True)
class Source:
    """Where a data set can be had.

    Attributes:
        by_hand: What to do without this program, up to where the files belong, as the end of a sentence that
            begins with "By hand:".
        downloads: Files that need no account.
        kaggle: `owner/name` of a Kaggle data set.
        competition: Name of a Kaggle competition, whose rules must be accepted.
    """

    by_hand: str
    downloads: tuple[Download, ...] = ()
    kaggle: str = ""
    competition: str = ""

    def __str__(self) -> str:
        """Where it comes from, in a few words."""
        if self.downloads:
            return ", ".join(download.file for download in self.downloads)
        needs = "account and accepted rules" if self.competition else "account"
        return f"Kaggle, {self.kaggle or self.competition} ({needs})"
