// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/options.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/text.h"

namespace patina::evaluate {

namespace {

void require_other_names(const ChainOptions& options) {
  std::set<std::string> names;
  for (const std::filesystem::path& set : options.sets) {
    if (!names.insert(recorded_name(set)).second) {
      throw core::Error(core::ErrorKind::kUsage,
                        "--sets " + set.string(),
                        "another set has this name",
                        "rename one of the folders");
    }
  }
}

void require(bool holds, const char* flag, const std::string& what) {
  if (holds) return;
  throw core::Error(core::ErrorKind::kUsage, flag, what, "see patina evaluate --help");
}

}  // namespace

void validate(const ChainOptions& options) {
  require(options.sets.size() >= 2, "--sets", "fewer than two folders: one is the other's control");
  require(!options.methods.empty(), "--methods", "none given");
  require(!options.coatings.empty(), "--coatings", "none given");
  require(!options.shares_percent.empty(), "--shares", "none given");
  require(options.images >= 20 && options.images <= 10'000, "--count", "is outside 20 to 10000");
  require(options.suspect_images >= 5 && options.suspect_images <= options.images,
          "--suspect-images",
          "is outside 5 to --count");
  require(options.repeats >= 1, "--repeats", "is below 1");
  for (const int share : options.shares_percent) {
    require(share >= 1 && share <= 100, "--shares", std::to_string(share) + " is outside 1 to 100");
  }
  require(options.class_prompt.find_first_not_of(' ') != std::string::npos,
          "--class-prompt",
          "holds no word");
  const bool token = std::any_of(options.methods.begin(), options.methods.end(), learns_token);
  require(!token || options.prompt.find("{}") != std::string::npos,
          "--prompt",
          "holds no {} for the token that a method learns");
  require_other_names(options);
}

bool learns_token(diffusion::PersonalizeMethod method) {
  return method == diffusion::PersonalizeMethod::kTextualInversion ||
         method == diffusion::PersonalizeMethod::kCustomDiffusion;
}

std::string name_of(const std::filesystem::path& set) {
  const std::filesystem::path plain = set.lexically_normal();
  return plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string();
}

std::string recorded_name(const std::filesystem::path& set) { return core::to_utf8(name_of(set)); }

std::size_t count_measured(const ChainOptions& options) {
  return options.measured_sets == 0 ? options.sets.size()
                                    : std::min(options.measured_sets, options.sets.size());
}

int effective_steps(const ChainOptions& options, diffusion::PersonalizeMethod method) {
  return options.steps ? *options.steps : diffusion::defaults_of(method).steps;
}

}  // namespace patina::evaluate
