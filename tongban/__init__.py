"""The command: composes the two services, and is what operators, developers and the demonstration type.

It is the only package that knows both the identity provider and the exchange. ``serve`` runs them, the operator
commands call their administration functions, ``demo`` plays the sample stories with sample departments that import none
of our packages: this file imports nothing, so that they run where there is no more of us than it.
"""
