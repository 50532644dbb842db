"""What a recording is and what happens to it: pure values and functions, no clock, no I/O.

Imports the standard library and pydantic only; ``pyproject.toml`` holds that as a contract.
"""
