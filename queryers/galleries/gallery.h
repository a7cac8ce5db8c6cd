// SPDX-License-Identifier: Apache-2.0
// Collects the pictures that others posted: pages of one site, a model's images on Civitai, a list
// of URLs. Slow and honest about itself: robots.txt is obeyed, a challenge ends the run. Entry
// points: parse_gallery, collect_gallery.
//
// Posted pictures are no random sample of a model: chosen, edited and recompressed by whoever
// posted them. The evidence says so.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "http/url.h"
#include "queryers/collecting/collect.h"

namespace patina::queryers {

enum class GalleryKind { kPages, kCivitai, kUrls, kRecipe };

struct GallerySource {
  GalleryKind kind = GalleryKind::kPages;
  std::string text;  ///< As the user wrote it.
  /// Address of the first page, or of a Civitai that is not the usual one.
  std::optional<http::Url> url;
  std::string model;           ///< Civitai: model id; may be empty where the version is given.
  std::string version;         ///< Civitai: version id.
  std::filesystem::path file;  ///< List of URLs, one a line; or a recipe.
};

/// "https://host/page", "civitai:MODEL", "civitai:MODEL@VERSION", "civitai:@VERSION",
/// "civitai+URL:MODEL" for another server, "urls:FILE", "recipe:FILE". Nothing for other text.
/// Throws Error{kInput} for one of these that names nothing.
std::optional<GallerySource> parse_gallery(const std::string& text);

/// The host that the user named by naming the source, a recipe's included; empty = none. Throws
/// Error{kInput} for a recipe that is none.
std::string named_host(const GallerySource& source);

struct GalleryOptions {
  int max_pages = 100;  ///< Pages read, [1, 100000].
  int max_depth = 3;    ///< Links followed from the first page, [0, 100]; next-links do not count.
  int max_images = 1000;  ///< Pictures fetched, [1, 100000].
  int min_side_px = 200;  ///< Smaller pictures are icons, [1, 4096].
  bool ignore_robots =
      false;  ///< Told in the evidence. For the owner of a site, or counsel's decision.
  bool use_sitemap = true;  ///< Read the sitemaps that robots.txt names.
  std::vector<std::filesystem::path>
      released;  ///< Images whose copies in the gallery are not scored.
};
/// Throws Error{kInput} naming the field, its value and its limits.
void validate(const GalleryOptions& options);

/// As collect_images(), with items found on the way. `options.pause_s` is the least pause between
/// two requests; a larger Crawl-delay wins. Pictures that show what another one shows, or what a
/// released image shows, are kept and flagged, not scored.
CollectResult collect_gallery(const GallerySource& source,
                              const std::filesystem::path& folder,
                              const CollectOptions& options,
                              const GalleryOptions& gallery,
                              const core::Observer& observer = {});

}  // namespace patina::queryers
