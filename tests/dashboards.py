"""What the dashboards ask Prometheus, as Grafana would: with the variables filled in."""

from scripts.dashboards.pages import FOLDER, Asked, Page, boards, filled, panels, queries

__all__ = ["FOLDER", "Asked", "Page", "boards", "filled", "panels", "queries"]
