"""Programs that measure, with the harness in `report.py`. Run one with `make bench-NAME`, all with `make bench`."""
