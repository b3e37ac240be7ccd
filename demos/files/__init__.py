"""Files between browsers and Python programs, resumed where a call broke."""
