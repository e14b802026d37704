"""The catalogue: organisations, systems, evidence types, service items with their requirements, and connectors.

Owns what the exchange knows about the departments' world. It is written as manifests (JSON Schemas in ``schemas/``) or
entry by entry on the way that officers' commands take it (``workflow``), kept in the database, and used as one
immutable ``Registry`` per version, in which ``search`` finds entries. Talks to ``connectors`` to turn a described
source into one that can be asked and watched, and to ``policies`` by handing it the registry; nothing here decides
who may obtain what.
"""
