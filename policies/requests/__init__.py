"""An access request as decide/evolve over events: a department asks, governance checks the form, the provider answers.

Owns what is asked for and why, the commands with the table of states and roles that opens them, the seats that one
person may not change, disputes about a refusal up to the ruling, the clock of each step, and the grant that an approved
request drafts. Specifications: Regulation on Government Data Sharing (Decree 809) for the steps and their written
reasons, PIPL arts. 55-56 for the impact assessment. Built like the life of a grant, on ``policies.proceedings``; the
time and the catalogue's facts are arguments. Talks to ``policies`` and ``kernel`` only.
"""
