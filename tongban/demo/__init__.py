"""The demonstration: a synthetic world, sample departments, and stories played over HTTP as a browser would.

``world`` invents the people and businesses, ``departments`` are the systems that hold them, ``manifests`` describe
those systems to the exchange, ``setting_up`` puts it all together in a folder, ``processes`` starts and stops it,
``stories`` play it.
"""
