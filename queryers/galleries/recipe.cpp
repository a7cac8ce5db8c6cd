// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/recipe.h"

#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr std::size_t kMaxReported = 1'000;

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Error(ErrorKind::kInput, where, problem, "see docs/formats/recipe.md");
}

std::string text_of(const json& object, const char* key, const std::string& where) {
  if (!object.contains(key)) return {};
  if (!object[key].is_string()) refuse(where, std::string("has a ") + key + " that is no text");
  return object[key].get<std::string>();
}

std::string pointer(const std::string& text, const char* key, const std::string& where) {
  try {
    (void)json::json_pointer(text);
  } catch (const json::exception&) {
    refuse(where,
           std::string("has ") + core::in_quotes(text) + " in " + key +
               ", which is no JSON pointer such as /data/url");
  }
  return text;
}

std::string pointer_of(const json& object, const char* key, const std::string& where) {
  return pointer(text_of(object, key, where), key, where);
}

void require_known_fields(const json& object, const std::string& where) {
  static const std::set<std::string> kKnown = {
      "name", "url", "first_page", "items", "images", "next", "cursor", "more", "total", "report"};
  for (const auto& [key, value] : object.items()) {
    if (kKnown.count(key) == 0) refuse(where, "has the unknown field " + core::in_quotes(key));
  }
}

bool has_place(const Recipe& recipe, const char* place) {
  return recipe.url.find(place) != std::string::npos;
}

// There is exactly one way from a list to the next.
void require_way_on(const Recipe& recipe, const std::string& where) {
  const bool counted = has_place(recipe, "{page}") || has_place(recipe, "{offset}");
  const bool by_cursor = has_place(recipe, "{cursor}");
  if (by_cursor != !recipe.cursor.empty()) {
    refuse(where, "needs both {cursor} in its url and a cursor, or neither");
  }
  if ((counted ? 1 : 0) + (by_cursor ? 1 : 0) + (recipe.next.empty() ? 0 : 1) > 1) {
    refuse(where, "has more than one way to the next list");
  }
}

const json* at(const json& value, const std::string& place) {
  const json::json_pointer path(place);
  return value.contains(path) ? &value[path] : nullptr;
}

std::string scalar_text(const json* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number() ? value->dump() : std::string();
}

std::string replace_all(std::string text, const std::string& place, const std::string& value) {
  for (std::size_t found = text.find(place); found != std::string::npos;
       found = text.find(place, found + value.size())) {
    text.replace(found, place.size(), value);
  }
  return text;
}

Listing::Item item_of(const Recipe& recipe, const json& item, const http::Url& url) {
  Listing::Item found;
  for (const std::string& place : recipe.images) {
    const std::string text = scalar_text(at(item, place));
    const auto image = text.empty() ? std::nullopt : http::resolve_url(url, text);
    if (image) found.urls.push_back(image->to_string());
  }
  for (const auto& [name, place] : recipe.report) {
    const std::string text = scalar_text(at(item, place));
    if (!text.empty()) found.reported[name] = core::cut_utf8(text, kMaxReported);
  }
  return found;
}

// Whether the answer says that this list is the last.
bool says_last(const Recipe& recipe, const json& answer, std::int64_t seen, bool empty) {
  if (!recipe.more.empty()) {
    const json* more = at(answer, recipe.more);
    if (more == nullptr || *more == json(false) || more->is_null()) return true;
  }
  if (!recipe.total.empty()) {
    const json* total = at(answer, recipe.total);
    if (total != nullptr && total->is_number_integer() && seen >= total->get<std::int64_t>()) {
      return true;
    }
  }
  return empty && recipe.next.empty() && recipe.cursor.empty();
}

}  // namespace

Recipe load_recipe(const std::filesystem::path& file) {
  const std::string where = file.string();
  const json object = core::parse_json(core::read_text_file(file, 1 << 20), where);
  if (!object.is_object()) refuse(where, "is no JSON object");
  require_known_fields(object, where);
  Recipe recipe;
  recipe.name = text_of(object, "name", where);
  recipe.url = text_of(object, "url", where);
  recipe.items = pointer_of(object, "items", where);
  recipe.next = pointer_of(object, "next", where);
  recipe.cursor = pointer_of(object, "cursor", where);
  recipe.more = pointer_of(object, "more", where);
  recipe.total = pointer_of(object, "total", where);
  const json first = object.value("first_page", json(1));
  if (!first.is_number_integer() || first < 0 || first > 1'000'000) {
    refuse(where, "has a first_page that is no whole number from 0 to 1000000");
  }
  recipe.first_page = first.get<std::int64_t>();
  const json images = object.value("images", json());
  if (!images.is_array() || images.empty()) refuse(where, "has no list of images");
  for (const json& place : images) {
    if (!place.is_string()) refuse(where, "has images that are no texts");
    recipe.images.push_back(pointer(place.get<std::string>(), "images", where));
  }
  const json report = object.value("report", json::object());
  if (!report.is_object()) refuse(where, "has a report that is no object");
  for (const auto& [name, place] : report.items()) {
    if (!place.is_string()) refuse(where, "has places in report that are no texts");
    recipe.report.emplace_back(name, pointer(place.get<std::string>(), "report", where));
  }
  if (!http::parse_url(listing_url(recipe, first_listing(recipe)))) {
    refuse(where, "has no http or https url");
  }
  require_way_on(recipe, where);
  return recipe;
}

json to_json(const Recipe& recipe) {
  json report = json::object();
  for (const auto& [name, place] : recipe.report) report[name] = place;
  return {{"name", recipe.name},
          {"url", recipe.url},
          {"first_page", recipe.first_page},
          {"items", recipe.items},
          {"images", recipe.images},
          {"next", recipe.next},
          {"cursor", recipe.cursor},
          {"more", recipe.more},
          {"total", recipe.total},
          {"report", report}};
}

ListingState first_listing(const Recipe& recipe) { return {recipe.first_page, 0, ""}; }

std::string listing_url(const Recipe& recipe, const ListingState& state) {
  std::string url = replace_all(recipe.url, "{page}", std::to_string(state.page));
  url = replace_all(url, "{offset}", std::to_string(state.offset));
  return replace_all(url, "{cursor}", http::percent_encode(state.cursor));
}

std::optional<Listing> read_listing(const Recipe& recipe,
                                    const ListingState& state,
                                    const json& answer,
                                    const http::Url& url) {
  const json* items = at(answer, recipe.items);
  if (items == nullptr || !items->is_array()) return std::nullopt;
  Listing listing;
  for (const json& item : *items) {
    Listing::Item found = item_of(recipe, item, url);
    if (found.urls.empty()) {
      ++listing.without_image;
    } else {
      listing.items.push_back(std::move(found));
    }
  }
  const auto count = static_cast<std::int64_t>(items->size());
  listing.state = {state.page + 1, state.offset + count, ""};
  if (says_last(recipe, answer, listing.state.offset, items->empty())) return listing;
  std::string next;
  if (!recipe.next.empty()) {
    next = scalar_text(at(answer, recipe.next));
  } else if (!recipe.cursor.empty()) {
    listing.state.cursor = scalar_text(at(answer, recipe.cursor));
    if (!listing.state.cursor.empty()) next = listing_url(recipe, listing.state);
  } else if (has_place(recipe, "{page}") || has_place(recipe, "{offset}")) {
    next = listing_url(recipe, listing.state);
  }
  const auto resolved = next.empty() ? std::nullopt : http::resolve_url(url, next);
  if (resolved && resolved->origin() == url.origin()) listing.url = resolved->to_string();
  return listing;
}

}  // namespace patina::queryers
