"""From the source's words to ours, as a manifest describes it, compiled once.

A field is read from a record (a column, a JMESPath expression, or a constant), trimmed, and turned into what we call
it: a code by its table, a date by its form, a name in its normal spelling. What cannot be turned is never guessed:
the answer is garbled, and the error names OUR field.
"""

from connectors.mapping.compiler import SOURCE_TIME, Mapped, Mapping, Reading, columns_of

__all__ = ["SOURCE_TIME", "Mapped", "Mapping", "Reading", "columns_of"]
