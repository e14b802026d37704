"""Configuration: one TOML file, every key overridable by environment, parsed once into frozen values.

Owns: the keys and their meaning in both languages, reading and checking them, the generated reference in
``docs/configuration.md``, and the folder of the connectors' secrets. An unknown key is an error that names the nearest
known one; a secret is never printed.

Talks to: nobody; what it yields is handed to ``create_app`` and the command.
"""

from kernel.settings.load import load
from kernel.settings.model import ExchangeSettings, IdpSettings, Settings, SettingsError
from kernel.settings.reference import reference
from kernel.settings.secrets import Secret, SourceSecrets

__all__ = [
    "ExchangeSettings",
    "IdpSettings",
    "Secret",
    "Settings",
    "SettingsError",
    "SourceSecrets",
    "load",
    "reference",
]
