"""The contract kit: the laws of the connector port as tests that anybody's adapter can be put through.

Whoever writes an adapter, in this house or in a package of their own, provides a *bench* (`connectors.kit.bench.Bench`:
a source of theirs in some state) as a pytest fixture called ``bench`` and imports the laws into a test module::

    from connectors.kit.laws import *

Our own adapters are held to exactly these laws by ``tests/contract/connectors``. It needs pytest and hypothesis
(``pip install tongban[kit]``), which nothing else in this room does; nothing in this room imports it.
"""

import pytest

pytest.register_assert_rewrite("connectors.kit.laws")  # so that a broken law shows the values it was broken by
