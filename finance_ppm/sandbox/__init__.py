"""Outside systems on loopback, with a believable portfolio in them: the demo's source and the tests' other side.

Nothing in the product asks whether it talks to a sandbox: only a base URL and a token differ.
"""
