// SPDX-License-Identifier: Apache-2.0
// The services that can be asked, by the scheme a user writes in front. One file each; the contract
// they follow stands at the top of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "http/url.h"
#include "queryers/services/service.h"

namespace patina::queryers {

/// Where a suspect is, as the user wrote it: "a1111+http://host:7860", "replicate:owner/model".
struct Endpoint {
  std::string scheme;  ///< "a1111", "comfyui", "openai", "replicate", "huggingface", "stability",
                       ///< "fal", "generic".
  std::string text;    ///< Whole.
  std::optional<http::Url> url;  ///< Address of the service, where the user named it.
  std::string name;              ///< After "scheme:", where no URL stands there.
};

struct EndpointOptions {
  std::string model;  ///< Asked for; empty = what is loaded, or what the endpoint's name says.
  std::vector<std::string>
      loras;                ///< Names or URLs of LoRAs to ask for, as the service takes them.
  double lora_scale = 1.0;  ///< Strength of all `loras`; 0 = without effect, larger is stronger.
  std::filesystem::path workflow;  ///< ComfyUI: graph in the API format.
};

/// Nothing if the text does not start with one of the schemes. Throws Error{kInput} for one that is
/// followed by nothing useful.
std::optional<Endpoint> parse_endpoint(const std::string& text);

/// Throws Error{kInput} for an option that the service needs and lacks or does not know,
/// Error{kDisk}.
Service make_service(const Endpoint& endpoint, const EndpointOptions& options);

Service make_a1111(const Endpoint& endpoint, const EndpointOptions& options);
Service make_comfyui(const Endpoint& endpoint, const EndpointOptions& options);
Service make_openai(const Endpoint& endpoint, const EndpointOptions& options);
Service make_replicate(const Endpoint& endpoint, const EndpointOptions& options);
Service make_huggingface(const Endpoint& endpoint, const EndpointOptions& options);
Service make_stability(const Endpoint& endpoint, const EndpointOptions& options);
Service make_fal(const Endpoint& endpoint, const EndpointOptions& options);
Service make_generic(const Endpoint& endpoint, const EndpointOptions& options);

}  // namespace patina::queryers
