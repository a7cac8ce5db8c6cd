// SPDX-License-Identifier: Apache-2.0
// What the answers of all services have in common: statuses, JSON in bodies, images in base64.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "http/url.h"
#include "queryers/services/service.h"

namespace patina::queryers {

/// The body as JSON; discarded (is_discarded()) if it is none.
nlohmann::json body_json(const http::HttpResponse& response);
/// A string at a key of an object, "" otherwise.
std::string text_at(const nlohmann::json& object, const char* key);
/// What a JSON or text body says about an error, cut to a sentence.
std::string error_text(const http::HttpResponse& response);

/// Meaning of a status outside 2xx, where a service's contract says nothing else:
/// 408, 425, 429, 502, 503, 504 and 500 are tried again, 401, 402, 403 and 404 end the run, others
/// the image.
Interpretation read_status(const http::HttpResponse& response);

Interpretation done(Outcome outcome, std::string detail);
Interpretation abort_run(std::string detail);
Interpretation protocol_error(std::string detail);

/// An image given as base64, with or without a "data:image/...;base64," before it. Nothing if it is
/// neither.
std::optional<FoundImage> image_from_base64(const std::string& text);
/// An image given as an http(s) or data URL.
std::optional<FoundImage> image_from_url(const std::string& text);

/// JSON in a body, with its content type.
http::HttpRequest json_request(const std::string& method,
                               const std::string& url,
                               const nlohmann::json& body);
http::HttpRequest get_request(const std::string& url);

/// `base` with `path` (starting with '/') after its own path.
std::string join_url(const http::Url& base, const std::string& path);

}  // namespace patina::queryers
