"""The protocol endpoints: each a function of a request, most of them a table of named checks that cite their clause.

A request is parsed once into a frozen value; a check says nothing or raises the refusal. Nothing here knows Flask: the
route table in `idp/routes.py` binds addresses to endpoints, and the hot ones are served before Flask.
"""
