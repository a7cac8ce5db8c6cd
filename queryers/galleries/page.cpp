// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/page.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "http/message.h"
#include "queryers/galleries/markup.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxPictures = 5'000;
constexpr std::size_t kMaxLinks = 10'000;
constexpr std::size_t kMaxScript = 4 << 20;
constexpr std::size_t kMaxTitle = 300;
constexpr std::size_t kMaxFeeds = 10;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : core::lower_ascii(text) + " ") {
    if (is_space(c) || c == ',') {
      if (!word.empty()) words.insert(word);
      word.clear();
    } else {
      word += c;
    }
  }
  return words;
}

// url(...) of a style attribute.
std::string background_url(const std::string& style) {
  const std::string lower = core::lower_ascii(style);
  const std::size_t at = lower.find("background");
  const std::size_t open = at == std::string::npos ? at : lower.find("url(", at);
  if (open == std::string::npos) return {};
  const std::size_t close = style.find(')', open);
  if (close == std::string::npos) return {};
  std::string url = style.substr(open + 4, close - open - 4);
  while (!url.empty() && (is_space(url.back()) || url.back() == '"' || url.back() == '\'')) {
    url.pop_back();
  }
  while (!url.empty() && (is_space(url.front()) || url.front() == '"' || url.front() == '\'')) {
    url.erase(0, 1);
  }
  return url;
}

// Rank among the names that sites give to the addresses of a picture; the best comes first.
int rank_of_key(const std::string& key) {
  static constexpr std::array<const char*, 8> kBest = {
      "original", "full", "download", "large", "hires", "url", "src", "image"};
  const std::string lower = core::lower_ascii(key);
  for (const char* small : {"thumb", "small", "preview"}) {
    if (lower.find(small) != std::string::npos) return static_cast<int>(kBest.size()) + 1;
  }
  for (std::size_t i = 0; i < kBest.size(); ++i) {
    if (lower.find(kBest[i]) != std::string::npos) return static_cast<int>(i);
  }
  return static_cast<int>(kBest.size());
}

// The JSON object that a script is, or that it assigns first to a name with "__" in it; empty if
// there is none.
std::string object_of(const std::string& script) {
  std::size_t at = script.find_first_not_of(" \t\r\n");
  if (at == std::string::npos) return {};
  if (script[at] != '{' && script[at] != '[') {
    const std::size_t name = script.find("__");
    const std::size_t equals = name == std::string::npos ? name : script.find('=', name);
    at = equals == std::string::npos ? equals : script.find_first_not_of(" \t\r\n", equals + 1);
    if (at == std::string::npos || script[at] != '{') return {};
  }
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = at; i < script.size(); ++i) {
    const char c = script[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return script.substr(at, i + 1 - at);
    }
  }
  return {};
}

// Collects while the parser walks through the page.
class Reader {
 public:
  Reader(const http::Url& url, int min_side_px) : base_(url), min_side_px_(min_side_px) {}

  void open(const std::string& name, const Attributes& attributes) {
    if (name == "base" && !based_) {
      based_ = true;
      if (const auto url = http::resolve_url(base_, attributes.get("href"))) base_ = *url;
    } else if (name == "a") {
      open_link(attributes);
    } else if (name == "picture") {
      in_picture_ = true;
      sources_.clear();
    } else if (name == "source" && in_picture_) {
      sources_.push_back(attributes);
    } else if (name == "img") {
      take_image(attributes);
    } else if (name == "meta") {
      take_meta(attributes);
    } else if (name == "link") {
      take_link(attributes);
    } else if (name == "script") {
      const std::string type = core::lower_ascii(attributes.get("type"));
      in_structured_ = type == "application/ld+json";
      in_state_ = type == "application/json" || type.empty() || type == "text/javascript";
      script_.clear();
    } else if (name == "title") {
      in_title_ = page_.title.empty();
    }
    const std::string background = background_url(attributes.get("style"));
    if (!background.empty()) add_alone(background, FoundIn::kStyle);
  }

  void close(const std::string& name) {
    if (name == "a") close_link();
    if (name == "picture") in_picture_ = false;
    if (name == "title") in_title_ = false;
    if (name == "script") {
      if (in_structured_) take_structured();
      if (in_state_) take_state();
      in_structured_ = in_state_ = false;
    }
  }

  void text(std::string_view text) {
    if (in_title_ && page_.title.size() < kMaxTitle) page_.title += text;
    if ((in_structured_ || in_state_) && script_.size() + text.size() < kMaxScript) script_ += text;
  }

  Page finish() {
    std::stable_sort(alone_.begin(), alone_.end(), [](const auto& a, const auto& b) {
      return a.candidates.front().place < b.candidates.front().place;
    });
    for (PagePicture& picture : alone_) {
      if (known_.insert(picture.candidates.front().url.to_string()).second) {
        page_.pictures.push_back(std::move(picture));
      }
    }
    return std::move(page_);
  }

 private:
  std::optional<http::Url> resolve(const std::string& reference) const {
    return reference.empty() ? std::nullopt : http::resolve_url(base_, reference);
  }

  void open_link(const Attributes& attributes) {
    link_ = resolve(attributes.get("href"));
    link_shown_ = false;
    if (!link_) return;
    const auto rel = words_of(attributes.get("rel"));
    if (rel.count("next") > 0 && !page_.next) page_.next = link_;
    if (rel.count("license") > 0) page_.signals.push_back("license: " + link_->to_string());
    if (rel.count("nofollow") > 0 || http::names_image_file(*link_)) return;
    if (page_.links.size() < kMaxLinks && seen_links_.insert(link_->to_string()).second) {
      page_.links.push_back(*link_);
    }
  }

  // A link to an image file without a thumbnail in it is a picture too.
  void close_link() {
    if (link_is_image() && !link_shown_ && page_.pictures.size() < kMaxPictures &&
        known_.insert(link_->to_string()).second) {
      PagePicture picture;
      picture.candidates.push_back({*link_, FoundIn::kLink});
      page_.pictures.push_back(std::move(picture));
    }
    link_.reset();
  }

  bool is_icon(const Attributes& attributes) const {
    for (const char* side : {"width", "height"}) {
      const std::string text = attributes.get(side);
      if (!text.empty() && text.back() != '%') {
        const long value = std::strtol(text.c_str(), nullptr, 10);
        if (value > 0 && value < min_side_px_ && !link_is_image()) return true;
      }
    }
    return has_icon_word(core::lower_ascii(attributes.get("class") + " " + attributes.get("id")));
  }

  static bool has_icon_word(const std::string& text) {
    return std::any_of(kIconWords.begin(), kIconWords.end(), [&text](const char* word) {
      return text.find(word) != std::string::npos;
    });
  }

  bool link_is_image() const { return link_ && http::names_image_file(*link_); }

  void take_image(const Attributes& attributes) {
    if (is_icon(attributes) || page_.pictures.size() >= kMaxPictures) return;
    PagePicture picture;
    picture.alt = core::cut_utf8(attributes.get("alt"), kMaxTitle);
    const auto add = [&](const std::string& reference, FoundIn place) {
      const auto url = resolve(reference);
      if (!url) return;
      const bool known = std::any_of(
          picture.candidates.begin(), picture.candidates.end(), [&](const Candidate& other) {
            return other.url.to_string() == url->to_string();
          });
      if (!known) picture.candidates.push_back({*url, place});
    };
    if (link_is_image()) {
      add(link_->to_string(), FoundIn::kLink);
      link_shown_ = true;
    }
    if (in_picture_) {
      for (const char* wanted :
           {"png", "jpeg", ""}) {  // formats that pictures are made in come first
        for (const Attributes& source : sources_) {
          if (core::lower_ascii(source.get("type")).find(wanted) == std::string::npos) continue;
          add(largest_of_srcset(source.get("srcset")), FoundIn::kSrcset);
        }
      }
    }
    add(largest_of_srcset(attributes.get("srcset")), FoundIn::kSrcset);
    add(largest_of_srcset(attributes.get("data-srcset")), FoundIn::kSrcset);
    for (const char* lazy :
         {"data-original", "data-full", "data-src", "data-lazy-src", "data-lazy"}) {
      add(attributes.get(lazy), FoundIn::kLazy);
    }
    add(attributes.get("src"), FoundIn::kImg);
    if (picture.candidates.empty()) return;
    bool is_new = false;
    for (const Candidate& candidate : picture.candidates) {
      is_new = known_.insert(candidate.url.to_string()).second || is_new;
    }
    if (is_new) page_.pictures.push_back(std::move(picture));
  }

  // Pictures that a head or a script names; they count where no element showed them.
  void add_alone(const std::string& reference, FoundIn place) {
    const auto url = resolve(reference);
    if (!url || alone_.size() >= kMaxPictures) return;
    PagePicture picture;
    picture.candidates.push_back({*url, place});
    alone_.push_back(std::move(picture));
  }

  void take_meta(const Attributes& attributes) {
    const std::string name = core::lower_ascii(attributes.get("name"));
    const std::string property = core::lower_ascii(attributes.get("property"));
    const std::string content = attributes.get("content");
    if (property == "og:image" || property == "og:image:url" || property == "og:image:secure_url" ||
        name == "twitter:image" || property == "twitter:image") {
      add_alone(content, FoundIn::kCard);
    }
    if (name == "robots" || name == "patina") {
      const auto words = words_of(content);
      page_.no_index = page_.no_index || words.count("noindex") > 0 || words.count("none") > 0 ||
                       words.count("noimageindex") > 0;
      page_.no_follow = page_.no_follow || words.count("nofollow") > 0 || words.count("none") > 0;
      page_.signals.push_back("robots: " + core::cut_utf8(content, kMaxTitle));
    }
    if (name == "tdm-reservation" || name == "tdm-policy") {
      page_.signals.push_back(name + ": " + core::cut_utf8(content, kMaxTitle));
    }
  }

  void take_link(const Attributes& attributes) {
    const auto rel = words_of(attributes.get("rel"));
    const std::string href = attributes.get("href");
    if (rel.count("next") > 0 && !page_.next) page_.next = resolve(href);
    const std::string type = core::lower_ascii(attributes.get("type"));
    if (rel.count("alternate") > 0 &&
        (type == "application/rss+xml" || type == "application/atom+xml")) {
      const auto feed = resolve(href);
      if (feed && page_.feeds.size() < kMaxFeeds) page_.feeds.push_back(*feed);
    }
    if (rel.count("image_src") > 0) add_alone(href, FoundIn::kPreload);
    if (rel.count("license") > 0)
      page_.signals.push_back("license: " + core::cut_utf8(href, kMaxTitle));
    if (rel.count("preload") > 0 && core::lower_ascii(attributes.get("as")) == "image") {
      const std::string largest = largest_of_srcset(attributes.get("imagesrcset"));
      add_alone(largest.empty() ? href : largest, FoundIn::kPreload);
    }
  }

  void take_structured() {
    try {
      walk(core::parse_json(script_, "JSON-LD"));
    } catch (const core::Error&) {  // a site's broken data is nobody's error
    }
  }

  // The script is JSON, or begins with an assignment such as window.__INITIAL_STATE__ = {...};
  void take_state() {
    const std::string state = object_of(script_);
    if (state.empty()) return;
    try {
      walk_state(core::parse_json(state, "script data"));
    } catch (const core::Error&) {  // a program, not data
    }
  }

  // The strings of an object that name images are one picture under several addresses.
  void walk_state(const json& value) {
    if (!value.is_structured()) return;
    if (value.is_object()) {
      std::vector<std::pair<int, http::Url>> found;
      for (const auto& [key, child] : value.items()) {
        if (const auto url = image_in_state(key, child)) found.emplace_back(rank_of_key(key), *url);
      }
      std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.first < b.first;
      });
      add_group(found);
    }
    for (const json& child : value) {
      if (value.is_array()) {
        if (const auto url = image_in_state("", child)) add_group({{0, *url}});
      }
      walk_state(child);
    }
  }

  std::optional<http::Url> image_in_state(const std::string& key, const json& value) const {
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    const bool address = text.compare(0, 8, "https://") == 0 ||
                         text.compare(0, 7, "http://") == 0 || text.compare(0, 1, "/") == 0;
    if (!address || has_icon_word(core::lower_ascii(key)) ||
        has_icon_word(core::lower_ascii(text))) {
      return std::nullopt;
    }
    const auto url = resolve(text);
    return url && http::names_image_file(*url) ? url : std::nullopt;
  }

  void add_group(const std::vector<std::pair<int, http::Url>>& found) {
    if (found.empty() || alone_.size() >= kMaxPictures) return;
    PagePicture picture;
    for (const auto& [rank, url] : found) picture.candidates.push_back({url, FoundIn::kState});
    alone_.push_back(std::move(picture));
  }

  void walk(const json& value) {
    if (value.is_array()) {
      for (const json& child : value) walk(child);
      return;
    }
    if (!value.is_object()) return;
    const json type = value.value("@type", json());
    if (type == json("ImageObject") && value.contains("contentUrl") &&
        value["contentUrl"].is_string()) {
      add_alone(value["contentUrl"].get<std::string>(), FoundIn::kStructured);
    }
    for (const char* key : {"license", "acquireLicensePage"}) {
      if (value.contains(key) && value[key].is_string()) {
        page_.signals.push_back(std::string(key) + ": " +
                                core::cut_utf8(value[key].get<std::string>(), kMaxTitle));
      }
    }
    for (const json& child : value) walk(child);
  }

  static constexpr std::array<const char*, 5> kIconWords = {
      "logo", "avatar", "sprite", "icon", "emoji"};

  http::Url base_;
  int min_side_px_;
  bool based_ = false;
  Page page_;
  std::vector<PagePicture> alone_;
  std::set<std::string> known_;
  std::set<std::string> seen_links_;
  std::optional<http::Url> link_;  ///< Target of the <a> that is open.
  bool link_shown_ = false;        ///< An <img> stood in it.
  bool in_picture_ = false;
  std::vector<Attributes> sources_;
  bool in_structured_ = false;
  bool in_state_ = false;
  bool in_title_ = false;
  std::string script_;
};

}  // namespace

const char* to_string(FoundIn place) {
  switch (place) {
    case FoundIn::kLink:
      return "link";
    case FoundIn::kSrcset:
      return "srcset";
    case FoundIn::kLazy:
      return "lazy attribute";
    case FoundIn::kImg:
      return "img";
    case FoundIn::kPreload:
      return "link element";
    case FoundIn::kStructured:
      return "JSON-LD";
    case FoundIn::kState:
      return "script data";
    case FoundIn::kCard:
      return "card";
    case FoundIn::kStyle:
      return "style";
  }
  return "unknown";
}

std::string largest_of_srcset(std::string_view srcset) {
  std::string best;
  double best_size = -1.0;
  std::size_t at = 0;
  while (at < srcset.size()) {
    while (at < srcset.size() && (is_space(srcset[at]) || srcset[at] == ',')) ++at;
    std::size_t end = at;
    while (end < srcset.size() && !is_space(srcset[end])) ++end;
    std::string url(srcset.substr(at, end - at));
    std::string descriptor;
    if (!url.empty() && url.back() == ',') {  // the comma ends the candidate
      while (!url.empty() && url.back() == ',') url.pop_back();
      at = end;
    } else {
      const std::size_t comma = std::min(srcset.find(',', end), srcset.size());
      descriptor = std::string(srcset.substr(end, comma - end));
      at = comma;
    }
    if (url.empty()) continue;
    const double size = descriptor.empty() ? 1.0 : std::strtod(descriptor.c_str(), nullptr);
    if (size > best_size) {
      best_size = size;
      best = url;
    }
  }
  return best;
}

Page read_page(std::string_view html, const http::Url& url, int min_side_px) {
  Reader reader(url, min_side_px);
  walk_html(html,
            {[&reader](const std::string& name, const Attributes& a) { reader.open(name, a); },
             [&reader](const std::string& name) { reader.close(name); },
             [&reader](std::string_view text) { reader.text(text); }});
  return reader.finish();
}

}  // namespace patina::queryers
