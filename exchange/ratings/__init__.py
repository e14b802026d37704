"""Ratings 好差评: whoever a case was for rates it once it is closed; a bad one is put right and called back.

Linked to the case, counted by department. What was said with a grade is kept encrypted under the person's key, beside
the log, and read by the department that handled the case alone. Rules: ``policies.ratings`` (ADR 0055).
"""
