"""Backup and restore: configuration, keys, secrets and both databases in one archive, each part with its hash.

Databases are copied first, each as one snapshot, and the keys after them: whatever a copied row is sealed with is then
in the copied ring. A backup holds everything an installation is made of, private keys included: whoever can read it is
the installation. It also holds what was erased afterwards; how long backups are kept is therefore part of erasure.

Owns the archive's format, and how each database product is copied. Talks to: settings, migrations; knows no table.
"""

from tongban.safekeeping.errors import NotKept
from tongban.safekeeping.keeping import back_up
from tongban.safekeeping.restoring import restore

__all__ = ["NotKept", "back_up", "restore"]
