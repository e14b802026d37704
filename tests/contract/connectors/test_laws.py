"""The laws of the connector port (`connectors.base.Connector`), proved for every adapter by the published kit.

What stands here is the whole test module that a third party writes, too: the benches are in ``conftest.py``.
"""

from connectors.kit.laws import *  # noqa: F403
