"""XML with exactly one meaning, for sources that answer in it (XML 1.0, Namespaces in XML 1.0, XPath 1.0).

Owns the only way from bytes of a source to an element tree, and the reading of values out of one by XPath. What XML
offers to whoever writes a document (document types, entities, inclusions, references to elsewhere, encodings that two
readers understand differently, trees that outgrow memory) is refused before or while it is read, never switched off
afterwards (attack cases K2, K3, K7). Stands on lxml; opens no file and no connection.
"""

from connectors.xml.paths import Columns, Element, columns, elements, namespaces, value
from connectors.xml.reading import MAX_DEPTH, MAX_MARKS, read

__all__ = ["MAX_DEPTH", "MAX_MARKS", "Columns", "Element", "columns", "elements", "namespaces", "read", "value"]
