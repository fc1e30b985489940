"""The dashboards for Grafana, written as Python: a file for each, which says what it shows in the order of the page.

`python -m scripts.dashboards` writes them to `deploy/grafana/dashboards`, where Grafana takes them from.
`promql.py` has the few shapes that queries have, `panels.py` what a panel of ours looks like, `board.py` a whole page.
"""
