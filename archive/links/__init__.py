"""Links as data: what a section page, feed or sitemap lists, and the boxes that tell readers what to read next."""
