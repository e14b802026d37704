"""What operators do: register departments, clients and people.

Every change is a ledger entry made in the same transaction. Secrets are shown once and kept as hashes; personal
numbers are sealed before they are stored. The command calls `Administration`; pages and an API for it come with roles
of their own.
"""

from idp.administration.errors import AdministrationError
from idp.administration.office import Administration
from idp.administration.people_file import COLUMNS, text_of

__all__ = ["COLUMNS", "Administration", "AdministrationError", "text_of"]
