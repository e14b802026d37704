"""Corrections 校核: somebody finds a record wrong, its department answers, and whoever received it is told.

Opened by the person from their own log, or by a department's system from evidence it received; answered by officers of
the providing department. Until it ends, evidence of that type about that person says that it is disputed. What was seen
and what would be right are kept encrypted under the person's key, beside the log. Rules: ``policies.corrections``
(ADR 0054); PIPL articles 46 and 50 for the person's right to have records corrected.
"""
