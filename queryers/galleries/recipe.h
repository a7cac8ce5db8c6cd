// SPDX-License-Identifier: Apache-2.0
// A site whose pages load their pictures by a script, described by a small JSON file: where its
// lists are, where pictures and the way to the next list stand in them. docs/formats/recipe.md.
// Entry points: load_recipe, read_listing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "http/url.h"

namespace patina::queryers {

/// All places are JSON pointers [RFC 6901].
struct Recipe {
  std::string name;
  std::string url;                  ///< Template with {page}, {offset} or {cursor}.
  std::int64_t first_page = 1;      ///< First value of {page}.
  std::string items;                ///< List in an answer; empty = the answer itself.
  std::vector<std::string> images;  ///< In an item, best first.
  std::string next;                 ///< URL of the next list in an answer.
  std::string cursor;               ///< What fills {cursor} next.
  std::string more;                 ///< False ends the lists.
  std::string total;                ///< Number of items in all lists.
  std::vector<std::pair<std::string, std::string>> report;  ///< Name and place in an item.
};

/// Throws Error{kInput} naming the file and the field, Error{kDisk}.
Recipe load_recipe(const std::filesystem::path& file);
nlohmann::json to_json(const Recipe& recipe);

/// Which list to ask for.
struct ListingState {
  std::int64_t page = 0;
  std::int64_t offset = 0;
  std::string cursor;
};
ListingState first_listing(const Recipe& recipe);
std::string listing_url(const Recipe& recipe, const ListingState& state);

/// What a list holds.
struct Listing {
  struct Item {
    std::vector<std::string> urls;  ///< Best first, absolute.
    nlohmann::json reported = nlohmann::json::object();
  };
  std::vector<Item> items;
  std::size_t without_image = 0;   ///< Items in which no picture stands.
  std::optional<std::string> url;  ///< Address of the next list; nothing = the end.
  ListingState state;              ///< State of reading the next list.
};
/// Reads the answer to `url`. Nothing if it holds no list where the recipe says. The next list's
/// URL has the origin of `url`, or is none.
std::optional<Listing> read_listing(const Recipe& recipe,
                                    const ListingState& state,
                                    const nlohmann::json& answer,
                                    const http::Url& url);

}  // namespace patina::queryers
