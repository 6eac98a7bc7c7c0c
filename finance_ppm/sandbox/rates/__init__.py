"""The European Central Bank's exchange-rate files on loopback, with rates that follow a random walk."""
