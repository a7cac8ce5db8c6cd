// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as robots.txt, its own lines as targets; and as URLs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/url.h"
#include "queryers/galleries/robots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = patina::http;
  namespace queryers = patina::queryers;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const queryers::Robots robots = queryers::parse_robots(text, "Patina");
  robots.allows(text.substr(0, 200));
  if (!robots.allows("/robots.txt")) std::abort();
  if (const auto url = http::parse_url(text)) {
    const auto again = http::parse_url(url->to_string());
    if (!again || again->to_string() != url->to_string()) std::abort();
  }
  http::resolve_url(http::require_url("http://a/b/c?d"), text);
  return 0;
}
