// SPDX-License-Identifier: Apache-2.0
// Civitai's public API: the pictures posted with a model or version, with their generation
// metadata. Its pages are not read: the terms of the site allow programs the API only.
#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "http/url.h"
#include "queryers/galleries/run.h"
#include "queryers/services/answers.h"

namespace patina::queryers {
namespace {

using nlohmann::json;

constexpr const char* kHosted = "https://civitai.com/api/v1";
constexpr int kMaxEmptyPages = 2;

std::string number_or_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

// Facts of a version: name, trigger words, digest of its file, takedown state.
ServiceFacts describe(const json& version) {
  ServiceFacts facts;
  facts.server = "Civitai gallery (API v1)";
  facts.grade = IdentityGrade::kStable;
  if (!version.is_object()) return facts;
  const json model = version.value("model", json::object());
  facts.model = text_at(model, "name");
  const std::string name = text_at(version, "name");
  if (!name.empty()) facts.model += (facts.model.empty() ? "" : ", ") + name;
  const json files = version.value("files", json::array());
  if (files.is_array()) {
    for (const json& file : files) {
      const json hashes = file.is_object() ? file.value("hashes", json::object()) : json::object();
      if (hashes.is_object() && facts.model_digest.empty()) {
        facts.model_digest = core::lower_ascii(text_at(hashes, "SHA256"));
      }
    }
  }
  const std::string mode = text_at(model, "mode");
  if (!mode.empty()) facts.remarks.push_back("Civitai lists the model as " + mode + ".");
  const json words = version.value("trainedWords", json::array());
  std::string list;
  for (const json& word : words.is_array() ? words : json::array()) {
    if (word.is_string()) list += (list.empty() ? "" : ", ") + word.get<std::string>();
  }
  if (!list.empty())
    facts.remarks.push_back("Its trigger words are: " + core::cut_utf8(list, 500) + ".");
  return facts;
}

// "meta" is the metadata itself or {"id", "meta"}; null where the user hid it.
json meta_of(const json& item) {
  json meta = item.value("meta", json());
  if (meta.is_object() && meta.contains("meta") && meta.size() <= 2) meta = meta["meta"];
  return meta;
}

json reported_of(const json& item) {
  json reported = {{"civitai_image", number_or_text(item.value("id", json()))}};
  const json meta = meta_of(item);
  if (!meta.is_object()) return reported;
  const std::pair<const char*, const char*> kFields[] = {{"prompt", "prompt"},
                                                         {"negativePrompt", "negative_prompt"},
                                                         {"seed", "seed"},
                                                         {"steps", "steps"},
                                                         {"sampler", "sampler"},
                                                         {"cfgScale", "guidance_scale"},
                                                         {"Size", "size"},
                                                         {"Model", "model"},
                                                         {"Model hash", "model_hash"}};
  for (const auto& [from, to] : kFields) {
    if (!meta.contains(from)) continue;
    const std::string text = number_or_text(meta[from]);
    if (!text.empty()) reported[to] = core::cut_utf8(text, 4096);
  }
  if (meta.contains("hashes") && meta["hashes"].is_object()) reported["hashes"] = meta["hashes"];
  return reported;
}

Posted posted_of(const json& item, const std::string& page) {
  Posted posted;
  posted.page = page;
  const std::string url = text_at(item, "url");
  if (!url.empty()) posted.urls = {url};
  posted.reported = reported_of(item);
  return posted;
}

std::string first_page(const http::Url& base, const GallerySource& source) {
  std::string query = "limit=100&sort=Oldest&period=AllTime&type=image&withMeta=true&flatMeta=true";
  query += source.version.empty() ? "&modelId=" + source.model
                                  : "&modelVersionId=" + source.version;
  return join_url(base, "/images?" + query);
}

json read_json(GalleryRun& run, const std::string& url) {
  const auto exchange = run.read(url, "application/json");
  return exchange ? body_json(exchange->response) : json(json::value_t::discarded);
}

}  // namespace

ServiceFacts collect_civitai(GalleryRun& run,
                             const GallerySource& source,
                             const GalleryOptions& options) {
  const http::Url base = source.url ? *source.url : http::require_url(kHosted);
  ServiceFacts facts = describe(json());
  if (!source.version.empty()) {
    facts = describe(read_json(run, join_url(base, "/model-versions/" + source.version)));
  }
  std::string next = first_page(base, source);
  std::set<std::string> asked;
  int empty_pages = 0;
  for (int pages = 0; !next.empty() && !run.over() && pages < options.max_pages; ++pages) {
    if (!asked.insert(next).second) {
      run.remark("The gallery's pages lead in a circle.");
      break;
    }
    const json body = read_json(run, next);
    if (!body.is_object() || !body.contains("items") || !body["items"].is_array()) {
      run.remark("A page of the gallery could not be read; what it holds is not known.");
      break;
    }
    empty_pages = body["items"].empty() ? empty_pages + 1 : 0;
    for (const json& item : body["items"]) {
      if (item.is_object() && !run.over()) run.fetch(posted_of(item, next));
    }
    if (empty_pages >= kMaxEmptyPages) break;
    const json metadata = body.value("metadata", json::object());
    const auto url = http::resolve_url(base, text_at(metadata, "nextPage"));
    const bool more = !text_at(metadata, "nextPage").empty() && url && url->host == base.host;
    next = more ? url->to_string() : std::string();
  }
  if (run.found() == 0) {
    run.remark("The API named no picture, which does not show that there is none.");
  }
  return facts;
}

}  // namespace patina::queryers
