"""Sources that drop files into a folder: CSV (RFC 4180, in GB 18030 or UTF-8) and XLSX (ECMA-376).

The newest file that matches is the register as it stands. It is read once, into an index by subject, and again when
another takes its place, so that a look-up reads nothing. Files are reached only through folders under roots that the
installation allows, one step at a time and never through a link.
"""

from connectors.adapters import Adapter
from connectors.files.connector import FilesConnector, open_source
from connectors.files.settings import FileSettings, parse

__all__ = ["ADAPTER", "FileSettings", "FilesConnector"]

ADAPTER = Adapter(parse=parse, open=open_source)
