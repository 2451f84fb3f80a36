"""What a run left behind, as pages and tables. Nothing here changes a run folder but `report.html`."""
