"""The pages for people. Each module is one page: how it is put together, and what its buttons do."""
