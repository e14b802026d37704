"""Composition: the one place where adapters are chosen and the rooms are given each other.

Each module furnishes some rooms from what came before it: clients, people, tokens, authorization, signing out. A part
is made once, when it is first needed.
"""

from idp.composition.provider import Composition
from idp.composition.tools import Tools

__all__ = ["Composition", "Tools"]
