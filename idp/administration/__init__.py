"""What operators do: register departments, clients and people.

Every change is a ledger entry made in the same transaction. Secrets are shown once and kept as hashes; personal
numbers are sealed before they are stored. The command calls the registers through `Administration`; administrators
come to the desks, each of which asks `rights` first, and `proposals` where a change takes two persons.
"""

from idp.administration.errors import AdministrationError
from idp.administration.office import Administration
from idp.administration.people_file import COLUMNS, text_of

__all__ = ["COLUMNS", "Administration", "AdministrationError", "text_of"]
