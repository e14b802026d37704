"""The life of a catalogue entry: draft, review, publication, change, withdrawal, and what changed between versions.

Pure: owns the commands, the table that says who may give them when, the events that follow and the state they add up
to: draft → submitted → under review → returned | published → change pending → published again → withdrawn. Built on
``policies.proceedings``; ``exchange.catalogue.publishing`` stores what is decided here.
"""
