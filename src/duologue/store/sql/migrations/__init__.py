"""How the tables came to be, in the form that Alembic reads. A revision that was released is never changed."""
