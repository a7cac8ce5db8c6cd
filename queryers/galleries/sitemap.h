// SPDX-License-Identifier: Apache-2.0
// What a site lists of itself in XML: sitemaps, and feeds of its latest works. Entry points:
// read_sitemap, read_feed.
#pragma once

#include <string_view>
#include <vector>

#include "http/url.h"

namespace patina::queryers {

/// Addresses of a sitemap: pages and images, and further sitemaps of an index [sitemaps.org].
struct Sitemap {
  std::vector<http::Url> pages;
  std::vector<http::Url> images;
  std::vector<http::Url> sitemaps;
};
Sitemap read_sitemap(std::string_view xml, const http::Url& url);

/// Addresses of an RSS or Atom feed: its entries' pages, and the pictures enclosed.
Sitemap read_feed(std::string_view xml, const http::Url& url);

}  // namespace patina::queryers
