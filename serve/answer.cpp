// SPDX-License-Identifier: Apache-2.0
// Who may ask, and which API is asked.
#include "core/base64.h"
#include "core/error.h"
#include "core/text.h"
#include "serve/internal/api.h"

namespace patina::serve {
namespace {

using nlohmann::json;

// The same time whatever the guess.
bool same_secret(const std::string& given, const std::string& wanted) {
  unsigned difference = given.size() == wanted.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^
                  static_cast<unsigned char>(wanted[i % wanted.size()]);
  }
  return difference == 0;
}

// "Bearer KEY", or Basic with "user:password" equal to the key or a password equal to it. Schemes
// have no case [RFC 9110, Sec. 11.1].
bool is_allowed(const ApiRequest& request, const std::string& key) {
  if (key.empty()) return true;
  const std::size_t space = request.authorization.find(' ');
  if (space == std::string::npos) return false;
  const std::string scheme = core::lower_ascii(request.authorization.substr(0, space));
  const std::string given = request.authorization.substr(space + 1);
  if (scheme == "bearer") return same_secret(given, key);
  if (scheme != "basic") return false;
  try {
    const std::string pair = core::decode_base64(given, "Authorization");
    const std::size_t colon = pair.find(':');
    return same_secret(pair, key) ||
           (colon != std::string::npos && same_secret(pair.substr(colon + 1), key));
  } catch (const core::Error&) {
    return false;
  }
}

bool starts(const std::string& text, const char* prefix) {
  return text.compare(0, std::char_traits<char>::length(prefix), prefix) == 0;
}

ApiReply refuse_stranger(const ApiRequest& request) {
  if (starts(request.path, "/v1/")) {
    ApiReply reply = json_reply(401,
                                {{"error",
                                  {{"message", "Incorrect API key provided."},
                                   {"type", "invalid_request_error"},
                                   {"param", json()},
                                   {"code", "invalid_api_key"}}}});
    reply.headers["WWW-Authenticate"] = "Bearer";
    return reply;
  }
  ApiReply reply = json_reply(401, {{"detail", "Incorrect username or password"}});
  reply.headers["WWW-Authenticate"] = "Basic";
  return reply;
}

ApiReply health(const ApiContext& context) {
  const JobProgress progress = context.jobs.progress();
  return json_reply(200,
                    {{"status", "ok"},
                     {"model", context.card.name},
                     {"busy", progress.running},
                     {"waiting", progress.waiting}});
}

}  // namespace

ApiReply json_reply(int status, const json& body) {
  ApiReply reply;
  reply.status = status;
  reply.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return reply;
}

ApiReply answer(const ApiRequest& request, ApiContext& context) {
  if (request.path == "/health" && request.method == "GET") return health(context);
  if (!is_allowed(request, context.options.api_key)) return refuse_stranger(request);
  try {
    if (starts(request.path, "/sdapi/v1/")) return answer_a1111(request, context);
    if (starts(request.path, "/v1/")) return answer_openai(request, context);
  } catch (const Refusal& refusal) {
    ApiReply reply = json_reply(refusal.status, refusal.body);
    if (refusal.status == 503) reply.headers["Retry-After"] = "1";
    return reply;
  }
  if (request.path == "/" && request.method == "GET") {
    ApiReply reply;
    reply.content_type = "text/plain; charset=utf-8";
    reply.body = "Patina serves " + context.card.name +
                 ".\nPOST /sdapi/v1/txt2img or /v1/images/generations; GET /health.\n";
    return reply;
  }
  return json_reply(404, {{"detail", "Not Found"}});
}

}  // namespace patina::serve
