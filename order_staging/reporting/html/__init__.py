"""Pages of HTML: one self-contained file each, whatever is in a text escaped; nothing is asked of the network."""
