"""Parquet files (https://parquet.apache.org/docs/file-format/), unpacked in a process of their own (ADR 0094).

A page is unpacked whole by every reader of the format, and this one is written in C++: whatever a file does to it must
neither fill nor end the process that serves look-ups. So ``python -m connectors.parquet`` is given one open file, looks
at the header of each page before any is unpacked, and writes the rows to its standard output, one a line; it has little
memory, can write no file, and is ended when whoever wants the rows goes. `connectors.files.parquet_file` talks to it.

This package imports nothing of the adapters, so that a process of it starts in a tenth of a second.
"""

BROKEN = 3
"""Status of a process that could not read its file; Python itself ends with 1 or 2 where it cannot begin."""
