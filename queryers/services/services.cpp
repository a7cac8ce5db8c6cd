// SPDX-License-Identifier: Apache-2.0
#include "queryers/services/services.h"

#include <algorithm>

#include "core/error.h"

namespace patina::queryers {
namespace {

struct Kind {
  const char* scheme;
  Service (*make)(const Endpoint&, const EndpointOptions&);
};
constexpr Kind kKinds[] = {{"a1111", make_a1111},
                           {"comfyui", make_comfyui},
                           {"openai", make_openai},
                           {"replicate", make_replicate},
                           {"huggingface", make_huggingface},
                           {"stability", make_stability},
                           {"fal", make_fal},
                           {"generic", make_generic}};

}  // namespace

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  for (const Kind& kind : kKinds) {
    const std::string scheme = kind.scheme;
    if (text.compare(0, scheme.size(), scheme) != 0 || text.size() == scheme.size()) continue;
    const char mark = text[scheme.size()];
    const std::string rest = text.substr(scheme.size() + 1);
    if (mark != '+' && mark != ':') continue;
    Endpoint endpoint;
    endpoint.scheme = scheme;
    endpoint.text = text;
    if (mark == '+') {
      endpoint.url = http::require_url(rest);
    } else {
      endpoint.name = rest;
    }
    if (rest.empty()) {
      throw core::Error(core::ErrorKind::kInput,
                        core::in_quotes(text),
                        "names no " + scheme + " endpoint",
                        "write " + scheme + "+https://host or " + scheme + ":name");
    }
    return endpoint;
  }
  return std::nullopt;
}

Service make_service(const Endpoint& endpoint, const EndpointOptions& options) {
  const Kind* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& known) {
    return endpoint.scheme == known.scheme;
  });
  Service service = kind->make(endpoint, options);
  service.kind = endpoint.scheme;
  service.location = endpoint.text;
  if (endpoint.url) service.named_host = endpoint.url->host;
  return service;
}

}  // namespace patina::queryers
