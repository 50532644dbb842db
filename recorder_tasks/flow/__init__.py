"""Brings core, agora and store together: the turn of a step, the dispatcher, the journal, the desk."""
