"""Evidence that a person supplies: the life of one task, from the asking to an answer, a refusal or the end of time.

Owns the state machine of a task (open, taken, asked back; answered, not found, refused, timed out) as decide/evolve
over events, the service clock of the office that answers (working days, or hours of working days) with its pauses, and
whose turn it is: the office named by the source, then its substitutes in their order. What the record says, and whom it
is about, stands in no state and no event. Source of the rules: ADR 0051. Talks to ``policies`` and ``kernel`` only;
``exchange.responders`` stores tasks and answers officers.
"""
