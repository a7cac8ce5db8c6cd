// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as an HTML page, a sitemap, a feed and a list in JSON: every address found is one
// that may be asked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "http/url.h"
#include "queryers/galleries/page.h"
#include "queryers/galleries/recipe.h"
#include "queryers/galleries/sitemap.h"

namespace {

namespace http = patina::http;
namespace queryers = patina::queryers;

// As an answer that a recipe describes; the next list is one of the same site.
void read_list(std::string_view text, const http::Url& here) {
  nlohmann::json answer;
  try {
    answer = patina::core::parse_json(text, "the answer");
  } catch (const patina::core::Error&) {
    return;
  }
  queryers::Recipe recipe;
  recipe.items = "/list";
  recipe.images = {"/a/b", "/c", ""};
  recipe.more = "/more";
  recipe.total = "/total";
  recipe.report = {{"title", "/t"}};
  for (const bool by_cursor : {true, false}) {
    recipe.url = by_cursor ? "https://a.b/l?c={cursor}" : "https://a.b/l";
    recipe.cursor = by_cursor ? "/next" : "";
    recipe.next = by_cursor ? "" : "/next";
    const auto listing = queryers::read_listing(
        recipe, queryers::first_listing(recipe), answer, here);
    if (!listing || !listing->url) continue;
    const auto next = http::parse_url(*listing->url);
    if (!next || next->origin() != here.origin()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const http::Url here = http::require_url("https://a.b/c/d.html");
  const queryers::Page page = queryers::read_page(text, here, 100);
  for (const auto& picture : page.pictures) {
    if (picture.candidates.empty()) std::abort();
    for (const auto& candidate : picture.candidates) {
      if (!http::parse_url(candidate.url.to_string())) std::abort();
    }
  }
  for (const queryers::Sitemap& named :
       {queryers::read_sitemap(text, here), queryers::read_feed(text, here)}) {
    for (const http::Url& image : named.images) {
      if (!http::parse_url(image.to_string())) std::abort();
    }
  }
  read_list(text, here);
  queryers::largest_of_srcset(text);
  return 0;
}
