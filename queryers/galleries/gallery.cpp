// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/gallery.h"

#include <algorithm>
#include <deque>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "http/client.h"
#include "queryers/galleries/page.h"
#include "queryers/galleries/recipe.h"
#include "queryers/galleries/run.h"
#include "queryers/galleries/sitemap.h"
#include "queryers/services/answers.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr int kMinimumSideOnPage = 200;
constexpr std::size_t kMaxSitemaps = 50;
constexpr int kMaxIdleListings = 2;  // in a row that name no new picture

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 18 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorKind::kInput,
              core::in_quotes(text),
              "names no gallery",
              "write https://host/page, civitai:MODEL@VERSION, recipe:FILE or urls:FILE");
}

GallerySource parse_civitai(const std::string& text) {
  GallerySource source;
  source.kind = GalleryKind::kCivitai;
  source.text = text;
  std::string name = text.substr(std::string("civitai").size());
  if (name.front() == '+') {
    const std::size_t colon = name.rfind(':');
    source.url = http::require_url(name.substr(1, colon - 1));
    name = name.substr(colon);
  }
  name.erase(0, 1);
  const std::size_t at = name.find('@');
  source.model = name.substr(0, at);
  if (at != std::string::npos) source.version = name.substr(at + 1);
  const bool sound = (source.model.empty() || is_number(source.model)) &&
                     (source.version.empty() ? !source.model.empty() && at == std::string::npos
                                             : is_number(source.version));
  if (!sound) refuse(text);
  return source;
}

bool same_site(const http::Url& a, const http::Url& b) {
  return a.host == b.host && a.port == b.port;
}

void note_signals(GalleryRun& run, const http::HttpExchange& exchange, const Page& page) {
  for (const char* header : {"X-Robots-Tag", "tdm-reservation", "tdm-policy", "Content-Usage"}) {
    const std::string value = exchange.response.headers.get(header);
    if (!value.empty()) {
      run.remark("The site sends \"" + std::string(header) + ": " +
                 core::cut_utf8(core::to_utf8(value), 200) + "\".");
    }
  }
  for (const std::string& signal : page.signals) {
    run.remark("A page of the site states \"" + core::cut_utf8(core::to_utf8(signal), 200) + "\".");
  }
}

struct Visit {
  http::Url url;
  int depth = 0;
};

// Pages still to be read, each once.
class Frontier {
 public:
  void add(const http::Url& url, int depth, bool first) {
    if (!is_new(url)) return;
    if (first) {
      queue_.push_front({url, depth});
    } else {
      queue_.push_back({url, depth});
    }
  }
  /// True once for each URL.
  bool is_new(const http::Url& url) { return seen_.insert(url.to_string()).second; }
  bool empty() const { return queue_.empty(); }
  Visit take() {
    Visit visit = queue_.front();
    queue_.pop_front();
    return visit;
  }

 private:
  std::deque<Visit> queue_;
  std::set<std::string> seen_;
};

void take_addresses(
    GalleryRun& run, const Sitemap& named, const http::Url& by, int depth, Frontier& frontier) {
  for (const http::Url& page : named.pages) {
    if (same_site(page, by)) frontier.add(page, depth, false);
  }
  for (const http::Url& image : named.images) {
    Posted posted;
    posted.urls = {image.to_string()};
    posted.page = by.to_string();
    run.fetch(posted);
  }
}

void add_sitemaps(GalleryRun& run, const http::Url& start, Frontier& frontier) {
  std::deque<http::Url> sitemaps;
  std::set<std::string> seen;
  for (const std::string& text : run.robots(start).sitemaps) {
    const auto url = http::resolve_url(start, text);
    if (url && same_site(*url, start)) sitemaps.push_back(*url);
  }
  while (!sitemaps.empty() && seen.size() < kMaxSitemaps && !run.over()) {
    const http::Url url = sitemaps.front();
    sitemaps.pop_front();
    if (!seen.insert(url.to_string()).second) continue;
    const auto exchange = run.read(url.to_string(), "application/xml,text/xml;q=0.9,*/*;q=0.5");
    if (!exchange) continue;
    std::string xml = exchange->response.body;
    if (xml.substr(0, 2) == "\x1f\x8b") {  // a compressed file rather than a content coding
      try {
        xml = http::decode_content(xml, "gzip", 50ULL << 20, url.to_string());
      } catch (const Error& error) {
        run.remark("The sitemap " + url.to_string() + " " + error.problem() + ".");
        continue;
      }
    }
    const Sitemap sitemap = read_sitemap(xml, url);
    for (const http::Url& next : sitemap.sitemaps) {
      if (same_site(next, start)) sitemaps.push_back(next);
    }
    take_addresses(run, sitemap, url, 1, frontier);
  }
}

void read_feeds(GalleryRun& run, const Page& page, const Visit& visit, Frontier& frontier) {
  for (const http::Url& feed : page.feeds) {
    if (run.over() || !same_site(feed, visit.url) || !frontier.is_new(feed)) continue;
    const auto exchange = run.read(feed.to_string(),
                                   "application/atom+xml,application/rss+xml,*/*;q=0.5");
    if (!exchange) continue;
    take_addresses(run, read_feed(exchange->response.body, feed), feed, visit.depth + 1, frontier);
  }
}

void take_page(GalleryRun& run,
               const http::HttpExchange& exchange,
               const Visit& visit,
               const GalleryOptions& options,
               Frontier& frontier) {
  const http::Url here = http::parse_url(exchange.url).value_or(visit.url);
  const Page page = read_page(exchange.response.body, here, kMinimumSideOnPage);
  note_signals(run, exchange, page);
  for (const PagePicture& picture : page.pictures) {
    if (run.over()) return;
    Posted posted;
    posted.page = here.to_string();
    for (const Candidate& candidate : picture.candidates) {
      posted.urls.push_back(candidate.url.to_string());
    }
    posted.reported = {{"page", posted.page},
                       {"found_in", to_string(picture.candidates.front().place)}};
    if (!page.title.empty()) posted.reported["title"] = page.title;
    if (!picture.alt.empty()) posted.reported["alt"] = picture.alt;
    run.fetch(posted);
  }
  if (page.no_follow) return;
  if (page.next && same_site(*page.next, visit.url)) frontier.add(*page.next, visit.depth, true);
  if (visit.depth >= options.max_depth) return;
  read_feeds(run, page, visit, frontier);
  for (const http::Url& link : page.links) {
    if (same_site(link, visit.url)) frontier.add(link, visit.depth + 1, false);
  }
}

json plan_of(const GallerySource& source,
             const CollectOptions& options,
             const GalleryOptions& gallery) {
  return {{"format", "patina-collection-plan"},
          {"version", 1},
          {"service", "gallery"},
          {"source", source.text},
          {"max_pages", gallery.max_pages},
          {"max_depth", gallery.max_depth},
          {"max_images", gallery.max_images},
          {"min_side_px", gallery.min_side_px},
          {"ignore_robots", gallery.ignore_robots},
          {"insecure", options.http.insecure}};
}

}  // namespace

std::optional<GallerySource> parse_gallery(const std::string& text) {
  const auto starts = [&text](const char* prefix) {
    return text.compare(0, std::char_traits<char>::length(prefix), prefix) == 0;
  };
  if (starts("civitai:") || starts("civitai+")) return parse_civitai(text);
  GallerySource source;
  source.text = text;
  if (starts("urls:") || starts("recipe:")) {
    source.kind = starts("urls:") ? GalleryKind::kUrls : GalleryKind::kRecipe;
    source.file = text.substr(text.find(':') + 1);
    if (source.file.empty()) refuse(text);
    return source;
  }
  if (!starts("http://") && !starts("https://")) return std::nullopt;
  source.url = http::require_url(text);
  return source;
}

std::string named_host(const GallerySource& source) {
  if (source.kind == GalleryKind::kRecipe) {
    const Recipe recipe = load_recipe(source.file);
    return http::require_url(listing_url(recipe, first_listing(recipe))).host;
  }
  return source.url ? source.url->host : std::string();
}

void validate(const GalleryOptions& options) {
  const auto require = [](const char* field, int value, int low, int high) {
    if (value >= low && value <= high) return;
    throw Error(ErrorKind::kInput,
                field,
                "is " + std::to_string(value) + ", " + std::to_string(low) + " to " +
                    std::to_string(high) + " are allowed",
                "change it");
  };
  require("max_pages", options.max_pages, 1, 100'000);
  require("max_depth", options.max_depth, 0, 100);
  require("max_images", options.max_images, 1, 100'000);
  require("min_side_px", options.min_side_px, 1, 4096);
}

void collect_pages(GalleryRun& run, const http::Url& start, const GalleryOptions& options) {
  Frontier frontier;
  frontier.add(start, 0, true);
  if (options.use_sitemap) add_sitemaps(run, start, frontier);
  for (int pages = 0; !frontier.empty() && !run.over(); ++pages) {
    if (pages >= options.max_pages) {
      run.remark("The site has more pages than the " + std::to_string(options.max_pages) +
                 " that were read.");
      return;
    }
    const Visit visit = frontier.take();
    const auto exchange = run.read(visit.url.to_string(), "text/html,application/xhtml+xml;q=0.9");
    if (!exchange) continue;
    const std::string type = core::lower_ascii(exchange->response.headers.get("Content-Type"));
    if (type.find("html") == std::string::npos) continue;
    take_page(run, *exchange, visit, options, frontier);
  }
}

void collect_urls(GalleryRun& run, const fs::path& file) {
  std::istringstream lines(core::read_saved_text(file, 64 << 20));
  std::string line;
  std::uint64_t number = 0;
  while (std::getline(lines, line) && !run.over()) {
    ++number;
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= 0x20) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const auto url = http::parse_url(line);
    if (!url) {
      run.remark("Line " + std::to_string(number) + " of the list is no http or https URL.");
      continue;
    }
    Posted posted;
    posted.urls = {url->to_string()};
    run.fetch(posted);
  }
}

void collect_recipe(GalleryRun& run, const Recipe& recipe, const GalleryOptions& options) {
  ListingState state = first_listing(recipe);
  std::optional<std::string> url = listing_url(recipe, state);
  std::set<std::string> asked;
  std::size_t without_image = 0;
  for (int idle = 0, pages = 0; url && idle < kMaxIdleListings && !run.over(); ++pages) {
    if (!asked.insert(*url).second) return run.remark("The site's lists lead in a circle.");
    if (pages >= options.max_pages) {
      return run.remark("The site may have more lists than the " + std::to_string(pages) +
                        " that were read.");
    }
    const auto exchange = run.read(*url, "application/json");
    const auto here = http::parse_url(*url);
    const json answer = exchange ? body_json(exchange->response) : json();
    const auto listing = here ? read_listing(recipe, state, answer, *here) : std::nullopt;
    if (!listing) {
      return run.remark(
          "A list of the site could not be had, or holds no items where the recipe says; what it "
          "names is not known.");
    }
    const std::uint64_t before = run.found();
    for (const Listing::Item& item : listing->items) {
      if (run.over()) return;
      Posted posted{item.urls, *url, item.reported};
      posted.reported["page"] = *url;
      run.fetch(posted);
    }
    without_image += listing->without_image;
    idle = run.found() == before ? idle + 1 : 0;
    state = listing->state;
    url = listing->url;
  }
  if (without_image > 0) {
    run.remark("In " + std::to_string(without_image) +
               " items of the site's lists no picture stands where the recipe says.");
  }
}

CollectResult collect_gallery(const GallerySource& source,
                              const fs::path& folder,
                              const CollectOptions& options,
                              const GalleryOptions& gallery,
                              const core::Observer& observer) {
  validate(options);
  validate(gallery);
  json plan = plan_of(source, options, gallery);
  Recipe recipe;
  if (source.kind == GalleryKind::kRecipe) {
    recipe = load_recipe(source.file);
    plan["recipe"] = to_json(recipe);
  }
  Collection collection(folder, plan);
  GalleryRun run(collection, options, gallery, observer);
  CollectResult result;
  result.before.server = "web pages of " + (source.url ? source.url->host : source.text);
  result.before.grade = IdentityGrade::kUnknown;
  if (gallery.ignore_robots) run.remark("robots.txt was not obeyed (--ignore-robots).");
  try {
    if (source.kind == GalleryKind::kCivitai) {
      result.before = collect_civitai(run, source, gallery);
    } else if (source.kind == GalleryKind::kUrls) {
      result.before.server = "a list of URLs";
      collect_urls(run, source.file);
    } else if (source.kind == GalleryKind::kRecipe) {
      result.before.server = recipe.name.empty() ? "lists of " + recipe.url : recipe.name;
      collect_recipe(run, recipe, gallery);
    } else {
      collect_pages(run, *source.url, gallery);
    }
  } catch (...) {
    collection.sync();
    throw;
  }
  result.before.remarks.emplace_back(
      "The pictures were posted by others, who chose and may have edited and recompressed them: "
      "they are no random sample of a model's images.");
  result.after = result.before;
  result.planned = run.found();
  result.images = collection.count(Outcome::kImage);
  result.stopped = run.stopped();
  const ServiceFacts& facts = result.after;
  collection.summarize({{"source_kind", "gallery"},
                        {"source", source.text},
                        {"model_requested", source.model},
                        {"service_after",
                         {{"server", facts.server},
                          {"model", facts.model},
                          {"model_digest", facts.model_digest},
                          {"identity_grade", to_string(facts.grade)},
                          {"remarks", facts.remarks}}},
                        {"remarks", run.remarks()},
                        {"insecure", options.http.insecure},
                        {"planned", result.planned},
                        {"stopped", result.stopped}});
  return result;
}

}  // namespace patina::queryers
