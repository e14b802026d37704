"""Challenges 使用异议: somebody finds an entry of their own log and says that this use was not theirs.

Answered by the data-protection officer of the department whose use it was, within its clock and with a reason: the use
was in order, or it was not and this is what was done. Pure: state × role → commands, and what follows (ADR 0070). PIPL
articles 44 and 50 give the right to know, to object, and to a reason; by which day is data of the service levels.
"""
