// SPDX-License-Identifier: Apache-2.0
// The flags with which images are asked of a suspect, shared by collect, audit and probe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/command_line.h"
#include "core/observer.h"
#include "queryers/collecting/collect.h"
#include "queryers/galleries/gallery.h"
#include "queryers/plan.h"
#include "queryers/services/services.h"

namespace patina::cli {

struct AskingOptions {
  queryers::PlanOptions plan;          ///< What an endpoint is asked.
  queryers::EndpointOptions endpoint;  ///< What an endpoint is told about its model.
  queryers::CollectOptions collect;    ///< Pace, budget and network.
  queryers::GalleryOptions gallery;    ///< Which pages and pictures of a gallery are read.
  double pause_s = -1.0;               ///< Below 0: none for endpoints, 2 s for galleries.
  std::string prompt;                  ///< Replaces the bank.
  /// Prompt templates, one a line, in place of the bank; empty = none.
  std::filesystem::path prompts_file;
  std::string sizes = "512x512";  ///< Sizes in pixels, "WxH" or "W", separated by commas.
  std::string loras;              ///< Names of LoRAs to ask for, separated by commas; empty = none.
  std::string key_variable = "PATINA_API_KEY";  ///< Environment variable that holds the API key.
  /// File, mode 0600, that holds the API key; empty = the variable is read.
  std::filesystem::path key_file;
  std::string contact;        ///< URL or mail address for the User-Agent; empty = none.
  std::string allowed_hosts;  ///< Hosts that may have private addresses, separated by commas.
  double timeout_s = 600.0;   ///< Longest wait for one answer, seconds, [1, 3600].
};

/// What is asked: prompts, seeds, sizes, model.
void bind_plan(CommandLine& line, AskingOptions& options);
/// Which of the pictures that others posted.
void bind_gallery(CommandLine& line, AskingOptions& options);
/// How: keys, pace, budget, network.
void bind_manners(CommandLine& line, AskingOptions& options);
/// Puts the texts of the flags into the structs. Throws Error{kInput}, Error{kDisk}.
void settle(AskingOptions& options);

/// The credential for a service: from the file (mode 0600) or the environment; empty if there is
/// none. Throws Error{kInput} for a file that others may read.
http::Credential credential_for(const queryers::Service& service, const AskingOptions& options);

/// Collects from an endpoint or a gallery into a folder.
queryers::CollectResult collect_from(const std::string& source,
                                     const AskingOptions& options,
                                     const std::filesystem::path& folder,
                                     const core::Observer& observer);

nlohmann::json to_json(const AskingOptions& options);

}  // namespace patina::cli
