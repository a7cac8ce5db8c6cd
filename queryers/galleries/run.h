// SPDX-License-Identifier: Apache-2.0
// What all galleries share: robots.txt by origin, fetching a picture, judging it, ending its item.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/url.h"
#include "images/perceptual_hash.h"
#include "queryers/collecting/asking.h"
#include "queryers/galleries/gallery.h"
#include "queryers/galleries/recipe.h"
#include "queryers/galleries/robots.h"

namespace patina::queryers {

/// A picture to fetch.
struct Posted {
  std::vector<std::string> urls;  ///< Best first; the next is tried where one is gone.
  std::string page;               ///< Where it was found.
  nlohmann::json reported = nlohmann::json::object();
};

/// Not for use by several threads at once.
class GalleryRun {
 public:
  GalleryRun(Collection& collection,
             const CollectOptions& options,
             const GalleryOptions& gallery,
             const core::Observer& observer);

  /// Reads a page or an API's answer in its turn, robots.txt permitting. Nothing where that is not
  /// to be had; the reason then stands in the journal.
  std::optional<http::HttpExchange> read(const std::string& url, const std::string& accept);
  /// Fetches a picture unless it was fetched, or the run's budget is used up.
  void fetch(const Posted& posted);
  /// robots.txt of an origin, read once.
  const Robots& robots(const http::Url& url);

  bool over();  ///< The run ends: stopped, or budgets used up.
  void stop(const std::string& reason) { shared_.stop(reason); }
  std::string stopped() const { return shared_.reason(); }
  /// A fact for the journal and, once each, for the evidence.
  void remark(const std::string& sentence);
  const std::vector<std::string>& remarks() const { return remarks_; }
  std::uint64_t found() const { return found_; }

 private:
  bool may_read(const http::Url& url);
  void slow_down(const http::Url& url);
  std::optional<http::HttpExchange> request(const http::HttpRequest& request,
                                            const ExchangeTag& tag);
  std::optional<http::HttpExchange> request_robots(const std::string& url);
  ItemEnd try_url(const std::string& url,
                  const std::string& item,
                  std::vector<std::uint8_t>& bytes);
  void judge(ItemEnd& end, const std::vector<std::uint8_t>& bytes);
  void load_released();
  void load_earlier();
  void remember(const std::string& item);

  Collection& collection_;
  const CollectOptions& options_;
  const GalleryOptions& gallery_;
  const core::Observer& observer_;
  CollectOptions paced_;
  Shared shared_;
  Asker asker_;
  std::map<std::string, Robots> robots_;
  std::map<std::string, int> strikes_;  ///< Refusals in a row, by host.
  images::PictureIndex seen_;
  images::PictureIndex released_;
  std::vector<std::string> remarks_;
  std::set<std::string> known_;  ///< URLs of pictures.
  std::map<std::string, std::string>
      earlier_;  ///< Files of items of earlier runs that were scored.
  std::uint64_t found_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// A page that asks whether a person is there.
bool is_challenge(const http::HttpResponse& response);

/// Follows the pages of one site.
void collect_pages(GalleryRun& run, const http::Url& start, const GalleryOptions& options);
/// Reads Civitai's API; returns what it says about the model.
ServiceFacts collect_civitai(GalleryRun& run,
                             const GallerySource& source,
                             const GalleryOptions& options);
/// Follows the lists that a recipe describes.
void collect_recipe(GalleryRun& run, const Recipe& recipe, const GalleryOptions& options);
/// Fetches a list of URLs.
void collect_urls(GalleryRun& run, const std::filesystem::path& file);

}  // namespace patina::queryers
