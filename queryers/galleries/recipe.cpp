// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/recipe.h"

#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/json_reader.h"
#include "core/text.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr std::size_t kMaxReported = 1'000;
constexpr std::size_t kMaxText = 1 << 20;
constexpr const char* kTodo = "see docs/formats/recipe.md";

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Error(ErrorKind::kInput, where, problem, kTodo);
}

// A JSON pointer; "" where there is none.
std::string pointer(const core::JsonField& field) {
  const std::string text = field.text(kMaxText);
  try {
    (void)json::json_pointer(text);
  } catch (const json::exception&) {
    field.fail("is " + core::in_quotes(text) + ", which is no JSON pointer such as /data/url");
  }
  return text;
}

std::string pointer_or_none(const core::JsonField& object, const char* key) {
  const std::optional<core::JsonField> field = object.find(key);
  return field ? pointer(*field) : std::string();
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
  const json document = core::parse_json(core::read_text_file(file, kMaxText), where);
  const core::JsonField object(document, where, kTodo);
  object.expect_only({"name",
                      "url",
                      "first_page",
                      "items",
                      "images",
                      "next",
                      "cursor",
                      "more",
                      "total",
                      "report"});
  Recipe recipe;
  recipe.name = object.text_or("name", "", kMaxText);
  recipe.url = object.text_or("url", "", kMaxText);
  recipe.items = pointer_or_none(object, "items");
  recipe.next = pointer_or_none(object, "next");
  recipe.cursor = pointer_or_none(object, "cursor");
  recipe.more = pointer_or_none(object, "more");
  recipe.total = pointer_or_none(object, "total");
  recipe.first_page = object.integer_or("first_page", 1, 0, 1'000'000);
  for (const core::JsonField& place : object.member("images").elements(kMaxReported)) {
    recipe.images.push_back(pointer(place));
  }
  if (recipe.images.empty()) object.member("images").fail("is empty");
  if (const std::optional<core::JsonField> report = object.find("report")) {
    for (const auto& [name, place] : report->members()) {
      recipe.report.emplace_back(name, pointer(place));
    }
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
