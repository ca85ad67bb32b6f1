"""What can go wrong in an archive, as sentences that tell a person what to do next.

    ArchiveError
    ├── SiteError (ValueError)          an entry of the catalogue cannot be used
    ├── UnknownSite (LookupError)       no entry has this name
    ├── UnknownPage (LookupError)       the archive holds no such page
    ├── BadQuery (ValueError)           the SQL, search words or option cannot be run
    ├── ArchiveUnreadable (ValueError)  the file is not an archive, or is damaged, locked, read-only
    ├── ArchiveTooNew (ValueError)      the file was written by a newer version
    └── PayloadDamaged (ValueError)     stored bytes no longer have the digest they were kept under

A page that cannot be fetched or read is never an exception: it is a row with a reason.
"""

from __future__ import annotations


class ArchiveError(Exception):
    """The root of the tree: one clear sentence, shown to people as it stands."""


class SiteError(ArchiveError, ValueError):
    """An entry of the catalogue cannot be used; names file, line and key."""


class UnknownSite(ArchiveError, LookupError):
    """No entry of the catalogue has this name."""


class UnknownPage(ArchiveError, LookupError):
    """The archive holds no such page."""


class BadQuery(ArchiveError, ValueError):
    """The SQL, the search words or an option cannot be run as written."""


class ArchiveUnreadable(ArchiveError, ValueError):
    """The file is not an archive, or cannot be opened, locked or written."""


class ArchiveTooNew(ArchiveError, ValueError):
    """The archive was written by a newer version than this one."""


class PayloadDamaged(ArchiveError, ValueError):
    """Stored bytes no longer have the digest they were kept under."""
