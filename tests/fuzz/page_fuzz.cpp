// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as an HTML page and as a sitemap: every address found is one that may be asked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queryers/page.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace queryers = patina::queryers;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const queryers::Url here = queryers::require_url("https://a.b/c/d.html");
  const queryers::Page page = queryers::read_page(text, here, 100);
  for (const auto& picture : page.pictures) {
    if (picture.candidates.empty()) std::abort();
    for (const auto& candidate : picture.candidates) {
      if (!queryers::parse_url(candidate.url.to_string())) std::abort();
    }
  }
  queryers::read_sitemap(text, here);
  queryers::largest_of_srcset(text);
  return 0;
}
