"""Challenges 使用异议: whoever finds an entry in their log says that this use was not theirs, and is given a reason.

What was said is kept encrypted under the person's key, beside the log, and read by the data-protection officer of the
department whose use it was alone. Rules: ``policies.challenges`` (ADR 0070).
"""
