// SPDX-License-Identifier: Apache-2.0
// What an HTML page shows: its pictures with every address under which they may be had, its links,
// and what it says about being collected. No script is run. Entry point: read_page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/url.h"

namespace patina::queryers {

/// Where a picture's address stood, best first.
enum class FoundIn {
  kLink,        ///< <a href> around a thumbnail.
  kSrcset,      ///< Largest candidate of srcset.
  kLazy,        ///< data-src and its like.
  kImg,         ///< <img src>.
  kPreload,     ///< <link rel=preload as=image>, rel=image_src.
  kStructured,  ///< JSON-LD ImageObject.
  kState,       ///< JSON that the page's scripts start from.
  kCard,        ///< OpenGraph and Twitter cards: often crops.
  kStyle,       ///< CSS background-image.
};
const char* to_string(FoundIn place);

struct Candidate {
  http::Url url;
  FoundIn place = FoundIn::kImg;
};

/// One picture of a page; the first candidate is the choice.
struct PagePicture {
  std::vector<Candidate> candidates;
  std::string alt;
};

struct Page {
  std::vector<PagePicture> pictures;
  std::vector<http::Url> links;   ///< <a href>, in order, without repetitions.
  std::optional<http::Url> next;  ///< rel=next.
  std::vector<http::Url> feeds;   ///< RSS and Atom.
  std::string title;
  std::vector<std::string> signals;  ///< "robots: noai", "tdm-reservation: 1", "license: URL".
  bool no_index = false;             ///< meta robots noindex or none.
  bool no_follow = false;
};

/// Reads at most 100,000 elements of a page at `url`. Skips pictures whose stated width or height
/// is below `min_side_px` and those whose class says logo, avatar, icon or sprite. Broken HTML is
/// read as browsers do.
Page read_page(std::string_view html, const http::Url& url, int min_side_px);

/// The largest candidate of a srcset attribute [HTML, Sec. 4.8.4.2], as written; empty if there is
/// none.
std::string largest_of_srcset(std::string_view srcset);

}  // namespace patina::queryers
