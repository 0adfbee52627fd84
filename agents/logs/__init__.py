"""From gigabytes of logs to a page, and whether they cover the incident at all; no model is called here."""
