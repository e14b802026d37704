"""Officers' inbox: what waits for an office, and what it should know.

Owns the words of messages, when they are written (beside the event that causes them, in its transaction) and the
endpoints by which an officer reads and marks them. A message is addressed to an organisation and a role, never to a
person, and holds nothing of a citizen; who has read it is kept by the officer's blind index. Talks to
``exchange.store`` alone; the rooms that carry out transitions call it.
"""
