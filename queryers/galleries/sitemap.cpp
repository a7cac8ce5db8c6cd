// SPDX-License-Identifier: Apache-2.0
#include "queryers/galleries/sitemap.h"

#include <string>

#include "core/text.h"
#include "http/message.h"
#include "queryers/galleries/markup.h"

namespace patina::queryers {
namespace {

constexpr std::size_t kMaxListed = 50'000;  // addresses of one kind
constexpr std::size_t kMaxText = 16'384;

}  // namespace

Sitemap read_sitemap(std::string_view xml, const http::Url& url) {
  Sitemap sitemap;
  bool in_index = false;
  std::string name;
  std::string text;
  const auto take = [&](const std::string& closed) {
    const auto found = http::resolve_url(url, text);
    text.clear();
    if (!found) return;
    if (closed == "image:loc") {
      if (sitemap.images.size() < kMaxListed) sitemap.images.push_back(*found);
    } else if (closed == "loc") {
      auto& list = in_index ? sitemap.sitemaps : sitemap.pages;
      if (list.size() < kMaxListed) list.push_back(*found);
    }
  };
  walk_xml(xml,
           {[&](const std::string& opened, const Attributes&) {
              if (opened == "sitemapindex") in_index = true;
              text.clear();
            },
            take,
            [&text](std::string_view part) {
              if (text.size() < kMaxText) text += part;
            }});
  return sitemap;
}

Sitemap read_feed(std::string_view xml, const http::Url& url) {
  Sitemap feed;
  bool in_entry = false;
  std::string text;
  const auto add = [&url](std::vector<http::Url>& list, const std::string& reference) {
    const auto found = reference.empty() ? std::nullopt : http::resolve_url(url, reference);
    if (found && list.size() < kMaxListed) list.push_back(*found);
  };
  const auto is_image = [&url](const Attributes& attributes, const std::string& reference) {
    const std::string type = core::lower_ascii(attributes.get("type"));
    const auto found = http::resolve_url(url, reference);
    return type.compare(0, 6, "image/") == 0 || attributes.get("medium") == "image" ||
           (type.empty() && found && http::names_image_file(*found));
  };
  walk_xml(xml,
           {[&](const std::string& name, const Attributes& attributes) {
              text.clear();
              if (name == "item" || name == "entry") in_entry = true;
              const std::string reference = attributes.get(name == "link" ? "href" : "url");
              const std::string rel = attributes.get("rel");
              const bool enclosed = name == "enclosure" || name == "media:content" ||
                                    (name == "link" && rel == "enclosure");
              if (enclosed && is_image(attributes, reference)) add(feed.images, reference);
              if (in_entry && name == "link" && (rel.empty() || rel == "alternate")) {
                add(feed.pages, reference);
              }
            },
            [&](const std::string& name) {
              if (name == "item" || name == "entry") in_entry = false;
              if (in_entry && name == "link") add(feed.pages, text);
              text.clear();
            },
            [&text](std::string_view part) {
              if (text.size() < kMaxText) text += part;
            }});
  return feed;
}

}  // namespace patina::queryers
