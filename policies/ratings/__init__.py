"""Ratings 好差评: whoever a case was for says in five grades how it went, once; a bad grade opens a rectification.

The department that handled the case verifies, mends and calls back; what it holds malicious or mistaken is decided by
data governance, never by itself. Pure: state × role → commands, and what follows (ADR 0055). Source: 国办发〔2019〕51号
on ratings of government services; the usual term of fifteen working days is that of published local rules.
"""
