// SPDX-License-Identifier: Apache-2.0
#include "queryers/services/answers.h"

#include <algorithm>

#include "core/base64.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "http/client.h"
#include "http/retry.h"

namespace patina::queryers {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxDetail = 300;

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null() || value.is_discarded()) return {};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

json body_json(const http::HttpResponse& response) {
  try {
    return core::parse_json(response.body, "the answer");
  } catch (const core::Error&) {
    return json(json::value_t::discarded);
  }
}

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string error_text(const http::HttpResponse& response) {
  std::string text;
  const json body = body_json(response);
  if (body.is_object()) {
    for (const char* key : {"message", "detail", "error", "errors", "name", "title"}) {
      if (body.contains(key)) {
        const json& value = body[key];
        text = value.is_object() && value.contains("message") ? text_of(value["message"])
                                                              : text_of(value);
        if (!text.empty()) break;
      }
    }
  } else {
    text = response.body;
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  text = core::to_utf8(text);
  return text.size() > kMaxDetail ? core::cut_utf8(text, kMaxDetail) + "..." : text;
}

Interpretation done(Outcome outcome, std::string detail) {
  Interpretation result;
  result.outcome = outcome;
  result.detail = std::move(detail);
  return result;
}

Interpretation abort_run(std::string detail) {
  Interpretation result = done(Outcome::kFailed, std::move(detail));
  result.next = Interpretation::Next::kAbort;
  return result;
}

Interpretation protocol_error(std::string detail) {
  return done(Outcome::kProtocolError, std::move(detail));
}

Interpretation read_status(const http::HttpResponse& response) {
  const int status = response.status;
  const std::string said = error_text(response);
  const std::string detail = "status " + std::to_string(status) + (said.empty() ? "" : ": " + said);
  Interpretation result = done(Outcome::kFailed, detail);
  switch (status) {
    case 429:
      result.outcome = Outcome::kRateLimited;
      result.next = Interpretation::Next::kRetry;
      break;
    case 503:
    case 425:
      result.outcome = Outcome::kNotReady;
      result.next = Interpretation::Next::kRetry;
      break;
    case 408:
    case 500:
    case 502:
    case 504:
      result.next = Interpretation::Next::kRetry;
      break;
    case 401:
    case 402:
    case 403:
    case 404:
      return abort_run(detail);
    case 451:
      result.outcome = Outcome::kRefused;
      break;
    default:
      if (status >= 200 && status < 400) result.outcome = Outcome::kProtocolError;
  }
  if (result.next == Interpretation::Next::kRetry) {
    result.wait_s = http::asked_wait_s(response).value_or(0.0);
  }
  return result;
}

std::optional<FoundImage> image_from_base64(const std::string& text) {
  std::string_view data = text;
  if (data.substr(0, 5) == "data:") {
    const std::size_t comma = data.find(',');
    if (comma == std::string_view::npos || comma > 200) return std::nullopt;
    const std::string_view kind = data.substr(5, comma - 5);
    if (kind.substr(0, 6) != "image/" || kind.find(";base64") == std::string_view::npos) {
      return std::nullopt;
    }
    data.remove_prefix(comma + 1);
  }
  try {
    FoundImage image;
    image.bytes = core::decode_base64(data, "the image");
    if (image.bytes.empty()) return std::nullopt;
    return image;
  } catch (const core::Error&) {
    return std::nullopt;
  }
}

std::optional<FoundImage> image_from_url(const std::string& text) {
  if (text.substr(0, 5) == "data:") return image_from_base64(text);
  if (!http::parse_url(text)) return std::nullopt;
  FoundImage image;
  image.url = text;
  return image;
}

http::HttpRequest json_request(const std::string& method,
                               const std::string& url,
                               const json& body) {
  http::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json");
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

http::HttpRequest get_request(const std::string& url) {
  http::HttpRequest request;
  request.url = url;
  request.headers.add("Accept", "application/json");
  return request;
}

std::string join_url(const http::Url& base, const std::string& path) {
  http::Url url = base;
  url.query.clear();
  url.has_query = false;
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  const std::size_t question = path.find('?');
  url.path += path.substr(0, question);
  if (question != std::string::npos) {
    url.has_query = true;
    url.query = path.substr(question + 1);
  }
  return url.to_string();
}

}  // namespace patina::queryers
