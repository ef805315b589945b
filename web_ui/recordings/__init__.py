"""Recordings on disk: how they come, where they lie, what is made of them, how they go out.

Nothing here knows of the database. A recording is known by its id alone; the name it was sent
with never reaches the disk.
"""
