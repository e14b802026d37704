"""Emergency access: how a template is opened by two persons, ends within hours, and is reviewed, whatever came of it.

Owns the state machine of an opening (asked, opened by a second person, over, reviewed) as decide/evolve over events,
and the day by which its review is due. A request that names an opening is decided in ``policies.both_engines``.
A template itself is a grant (``policies.grants.terms.EmergencyUse``) and lives the life of one. Source of the rules:
ADR 0040. Talks to ``policies`` and ``kernel`` only; ``exchange.emergency`` stores openings and answers officers.
"""
