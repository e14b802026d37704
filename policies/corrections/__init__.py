"""Corrections 校核: somebody says that a record is wrong, and the department that owns it answers within its clock.

Opened by the person it is about or by a department that received it; taken up by one officer of the providing
department, who alone sees whom it is about; accepted, or rejected by a cited rule; done when the record is corrected.
Pure: state × role → commands, and what follows (ADR 0054). Decree 809 of the State Council makes checking and
correcting the provider's duty; by which day is data of the service levels.
"""
