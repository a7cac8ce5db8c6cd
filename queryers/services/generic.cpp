// SPDX-License-Identifier: Apache-2.0
// A service that a small JSON file describes (docs/formats/service.md): where to ask, what to send,
// where the image stands in the answer. "generic:FILE".
#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "http/client.h"
#include "http/url.h"
#include "images/image_io.h"
#include "queryers/services/answers.h"
#include "queryers/services/services.h"

namespace patina::queryers {
namespace {

using core::Error;
using core::ErrorKind;
using nlohmann::json;

struct Description {
  std::string method = "POST";
  std::string url;
  json headers = json::object();
  json body;          ///< Template; null = none is sent.
  std::string image;  ///< JSON pointer; empty = the body is the image.
  json poll;          ///< {"url", "status", "done", "failed"}; null = the answer is final.
  json refused = json::array();  ///< Texts in an error's body that mean a refused prompt.
};

[[noreturn]] void refuse(const std::string& where, const std::string& problem) {
  throw Error(ErrorKind::kInput, where, problem, "see docs/formats/service.md");
}

std::string text_field(const json& object, const char* key, const std::string& where) {
  if (!object.contains(key)) return {};
  if (!object[key].is_string()) refuse(where, std::string("has a ") + key + " that is no text");
  return object[key].get<std::string>();
}

void require_pointer(const std::string& text, const char* key, const std::string& where) {
  try {
    (void)json::json_pointer(text);
  } catch (const json::exception&) {
    refuse(where, std::string("has a ") + key + " that is no JSON pointer such as /data/0/url");
  }
}

void require_known_fields(const json& object, const std::string& where) {
  static const std::set<std::string> kKnown = {"name",
                                               "method",
                                               "url",
                                               "headers",
                                               "body",
                                               "image",
                                               "poll",
                                               "refused",
                                               "model",
                                               "credential",
                                               "repeatable",
                                               "inventory"};
  for (const auto& [key, value] : object.items()) {
    if (kKnown.count(key) == 0) refuse(where, "has the unknown field " + core::in_quotes(key));
  }
}

Description parse_description(const json& object, const std::string& where) {
  Description description;
  if (object.contains("method")) description.method = text_field(object, "method", where);
  static const std::set<std::string> kMethods = {"GET", "POST", "PUT"};
  if (kMethods.count(description.method) == 0)
    refuse(where, "has a method other than GET, POST, PUT");
  description.url = text_field(object, "url", where);
  if (!http::parse_url(description.url)) refuse(where, "has no http or https url");
  description.headers = object.value("headers", json::object());
  description.body = object.value("body", json());
  description.image = text_field(object, "image", where);
  require_pointer(description.image, "image", where);
  description.poll = object.value("poll", json());
  description.refused = object.value("refused", json::array());
  if (!description.headers.is_object()) refuse(where, "has headers that are no object");
  if (!description.refused.is_array()) refuse(where, "has a refused that is no list");
  if (!description.poll.is_null()) {
    if (!description.poll.is_object()) refuse(where, "has a poll that is no object");
    for (const char* key : {"url", "status"}) {
      require_pointer(text_field(description.poll, key, where), key, where);
    }
  }
  return description;
}

// Text with {prompt}, {seed}, ... filled in. A value that is nothing but a number's place becomes
// the number itself.
class Filler {
 public:
  explicit Filler(const PlannedImage& image)
      : values_({{"{prompt}", image.prompt},
                 {"{negative_prompt}", image.negative_prompt},
                 {"{seed}", image.seed},
                 {"{width}", image.size.width_px},
                 {"{height}", image.size.height_px},
                 {"{steps}", image.steps},
                 {"{guidance_scale}", image.guidance_scale},
                 {"{sampler}", image.sampler}}) {}

  json fill(const json& value) const {
    if (value.is_string()) return fill_text(value.get<std::string>());
    if (!value.is_structured()) return value;
    json filled = value;
    for (json& child : filled) child = fill(child);
    return filled;
  }
  std::string in_url(const std::string& text) const { return replace(text, true); }

 private:
  json fill_text(const std::string& text) const {
    return values_.contains(text) ? values_[text] : json(replace(text, false));
  }
  // One pass, so that a prompt with braces in it stays as it is.
  std::string replace(const std::string& text, bool encode) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t close = text[at] == '{' ? text.find('}', at) : std::string::npos;
      const std::string name = close == std::string::npos ? std::string()
                                                          : text.substr(at, close - at + 1);
      if (name.empty() || !values_.contains(name)) {
        out += text[at++];
        continue;
      }
      const json& value = values_[name];
      const std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
      out += encode ? http::percent_encode(shown) : shown;
      at = close + 1;
    }
    return out;
  }
  json values_;
};

std::string text_by(const json& body, const json& poll, const char* key) {
  const std::string pointer = text_at(poll, key);
  if (pointer.empty()) return {};
  const json::json_pointer place(pointer);
  if (!body.contains(place)) return {};
  const json& value = body[place];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool lists(const json& poll, const char* key, const std::string& value) {
  const json list = poll.value(key, json::array());
  return list.is_array() && std::any_of(list.begin(), list.end(), [&](const json& entry) {
           return entry.is_string() && entry.get<std::string>() == value;
         });
}

Interpretation read_error(const http::HttpResponse& response, const Description& description) {
  for (const json& mark : description.refused) {
    if (mark.is_string() && response.body.find(mark.get<std::string>()) != std::string::npos) {
      return done(Outcome::kRefused, error_text(response));
    }
  }
  return read_status(response);
}

Interpretation read_image(const http::HttpResponse& response,
                          const json& body,
                          const std::string& place) {
  Interpretation result;
  if (place.empty()) {
    FoundImage image;
    image.bytes = response.body;
    if (image.bytes.empty()) return protocol_error("the answer is empty");
    result.images.push_back(std::move(image));
    return result;
  }
  const json::json_pointer pointer(place);
  if (body.is_discarded() || !body.contains(pointer) || !body[pointer].is_string()) {
    return protocol_error("the answer holds no text at " + place);
  }
  const std::string text = body[pointer].get<std::string>();
  auto image = image_from_url(text);
  if (!image) image = image_from_base64(text);
  if (!image) return protocol_error("what stands at " + place + " is neither a URL nor base64");
  result.images.push_back(std::move(*image));
  return result;
}

Interpretation read_answer(const http::HttpResponse& response,
                           const json& job,
                           const Description& description,
                           const http::Url& base) {
  if (response.status < 200 || response.status > 202) return read_error(response, description);
  const json body = description.image.empty() ? json() : body_json(response);
  if (description.poll.is_null()) return read_image(response, body, description.image);
  const json parsed = body_json(response);
  if (parsed.is_discarded()) {
    return job.is_null() ? protocol_error("the answer is no JSON")
                         : read_image(response, body, description.image);
  }
  const std::string status = text_by(parsed, description.poll, "status");
  if (lists(description.poll, "failed", status)) {
    return done(Outcome::kFailed, "the job is " + status);
  }
  if (lists(description.poll, "done", status)) return read_image(response, body, description.image);
  std::string url = text_by(parsed, description.poll, "url");
  if (url.empty()) url = text_at(job, "url");
  const auto next = http::resolve_url(base, url);
  if (url.empty() || !next || next->origin() != base.origin()) {
    return protocol_error("the job names no URL of its own host to ask again");
  }
  Interpretation result;
  result.next = Interpretation::Next::kPoll;
  result.poll = get_request(next->to_string());
  result.job = {{"url", next->to_string()}};
  return result;
}

http::HttpRequest ask(const Description& description, const PlannedImage& image) {
  const Filler filler(image);
  http::HttpRequest request;
  request.method = description.method;
  request.url = filler.in_url(description.url);
  for (const auto& [name, value] : description.headers.items()) {
    const json filled = filler.fill(value);
    request.headers.add(name, filled.is_string() ? filled.get<std::string>() : filled.dump());
  }
  if (!description.body.is_null()) {
    const json filled = filler.fill(description.body);
    request.body = filled.is_string() ? filled.get<std::string>()
                                      : filled.dump(-1, ' ', false, json::error_handler_t::replace);
    if (!request.headers.has("Content-Type"))
      request.headers.add("Content-Type", "application/json");
  }
  return request;
}

}  // namespace

Service make_generic(const Endpoint& endpoint, const EndpointOptions& options) {
  if (endpoint.name.empty()) refuse(core::in_quotes(endpoint.text), "names no description");
  const std::string& where = endpoint.name;
  const json object = core::parse_json(core::read_text_file(endpoint.name, 1 << 20), where);
  if (!object.is_object()) refuse(where, "is no JSON object");
  require_known_fields(object, where);
  const Description description = parse_description(object, where);
  const http::Url base = http::require_url(description.url);
  Service service;
  service.origin = base.origin();
  service.named_host = base.host;
  service.model = options.model.empty() ? text_field(object, "model", where) : options.model;
  service.repeatable = object.value("repeatable", json()) == json(true);
  const json credential = object.value("credential", json::object());
  service.credential_header = text_at(credential, "header");
  service.credential_prefix = text_at(credential, "prefix");
  service.submit = [description](const PlannedImage& image) { return ask(description, image); };
  service.read = [description, base](
                     const PlannedImage&, const http::HttpResponse& response, const json& job) {
    return read_answer(response, job, description, base);
  };
  for (const json& call : object.value("inventory", json::array())) {
    const auto url = http::resolve_url(base, text_at(call, "url"));
    if (!url || text_at(call, "name").empty())
      refuse(where, "has an inventory call without name or url");
    service.inventory.push_back({text_at(call, "name"), get_request(url->to_string())});
  }
  std::string name = text_field(object, "name", where);
  if (name.empty()) name = "service described by " + where;
  service.describe = [name, model = service.model](const InventoryAnswers&) {
    ServiceFacts facts;
    facts.server = name;
    facts.model = model;
    facts.grade = model.empty() ? IdentityGrade::kUnknown : IdentityGrade::kName;
    return facts;
  };
  return service;
}

}  // namespace patina::queryers
