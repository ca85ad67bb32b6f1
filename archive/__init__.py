"""Foreign Desk's archive (the public names are put here once every room stands)."""
