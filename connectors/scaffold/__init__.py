"""A first manifest for a source, proposed from what describes it: a table, an OpenAPI document, a WSDL, a
directory's entries or schema, a sample file.

What can be seen is written down: columns or members, which of them is likely the subject, how dates are written, which
columns hold codes. What cannot be seen is marked, and a manifest with marks fits no schema: nobody applies a guess. Of
a sample's values nothing is kept but their form; codes are listed only where they are few and each stands often.
It talks to nobody but the database whose table is described; documents are files that the caller has read.
"""

from connectors.scaffold.fixed_width import from_fixed_width
from connectors.scaffold.ldif import from_ldif
from connectors.scaffold.manifest import marks, written
from connectors.scaffold.openapi import from_openapi
from connectors.scaffold.samples import PLACES, from_csv, from_json, from_parquet, from_xlsx
from connectors.scaffold.tables import from_table
from connectors.scaffold.wsdl import from_wsdl
from connectors.scaffold.xml_sample import from_xml

__all__ = [
    "PLACES",
    "from_csv",
    "from_fixed_width",
    "from_json",
    "from_ldif",
    "from_openapi",
    "from_parquet",
    "from_table",
    "from_wsdl",
    "from_xlsx",
    "from_xml",
    "marks",
    "written",
]
