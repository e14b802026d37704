"""Grants: what one is made of, how it is written and read, and how it comes to life, changes and ends.

Owns the row that officers approve (``grant``, ``terms``), its document, sentence and differences, the requests that
come with it as its own tests, and its life as decide/evolve over events: who may command what and when (``commands``,
``conditions``), who signs what (``routing``), and what is shown before anybody signs (``review``). What the grants in
force decide is found in ``policies.index``. NIST SP 800-162 for the roles, RFC 8785 for what a signature covers.
"""
