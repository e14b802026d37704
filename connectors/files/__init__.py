"""Sources that drop files into a folder: CSV (RFC 4180), XLSX (ECMA-376), fixed width, JSON lines and Parquet.

The newest file that matches is the register as it stands, or files of changes are applied in their order. Each is read
once, in the background, into an index by subject that outlives a restart, so that a look-up reads nothing; one that
cannot be read stays in quarantine with a report, and the last good one goes on (ADR 0048). Files are reached only
through folders under roots that the installation allows, one step at a time and never through a link; from an SFTP
server or S3-compatible storage they are fetched into a private folder first (ADR 0056). Parquet is unpacked by a
process of its own (ADR 0094).
"""

from connectors.adapters import Adapter
from connectors.files.connector import FilesConnector, beside, open_source
from connectors.files.settings import FileSettings, parse
from connectors.further import conditions

__all__ = ["ADAPTER", "FileSettings", "FilesConnector"]

ADAPTER = Adapter(parse=parse, open=open_source, leave_out=conditions("where"), beside=beside)
