"""Repair: one stream of candidates, patches as text, what a patch may not do, what runs mean, who ranks first."""
