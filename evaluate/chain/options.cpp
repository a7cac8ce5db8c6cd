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

core::OptionGroup describe_all_models(ChainOptions& options) {
  return {{},
          {{"--steps",
            "N",
            "training steps of each model; more learn a coating better",
            core::OptionalWholeField{&options.steps, 1, 1'000'000},
            "the method's, see patina personalize"},
           {"--prompt",
            "TEXT",
            "caption of the images and prompt of the generations; {} is the set's name, or the new "
            "token of a method that learns one",
            core::TextField{&options.prompt}},
           {"--class-prompt",
            "TEXT",
            "caption of images of the class, whose last word a new token starts from",
            core::TextField{&options.class_prompt}},
           {"--count",
            "N",
            "images generated with each model; more are more to draw from",
            core::WholeField{&options.images, 20, 10'000}},
           {"--guidance-scale",
            "X",
            "how closely generations follow the prompt; 1 is the prompt alone, larger is closer",
            core::RealField{&options.guidance_scale, 0.0, 100.0}}}};
}

std::vector<core::OptionField> all_fields(ChainOptions& options) {
  std::vector<core::OptionField> fields = describe_draws(options);
  for (const auto& groups : {describe_models(options), describe_coatings(options)}) {
    for (const core::OptionGroup& group : groups) {
      fields.insert(fields.end(), group.fields.begin(), group.fields.end());
    }
  }
  return fields;
}

}  // namespace

std::vector<core::OptionGroup> describe_models(ChainOptions& options) {
  return {describe_all_models(options),
          {{"lora"},
           {{"--lora-targets",
             "NAME",
             "attention, transformer or all, as in patina personalize",
             core::ChoiceField{diffusion::lora_target_names(),
                               [&options] { return std::string(to_string(options.lora_targets)); },
                               [&options](const std::string& name) {
                                 options.lora_targets = diffusion::lora_targets_from_name(name);
                               }}}}}};
}

std::vector<core::OptionGroup> describe_coatings(ChainOptions& options) {
  return {{{"siren"},
           {{"--coat-steps",
             "N",
             "training steps of the coating",
             core::OptionalWholeField{&options.coat_steps, 0, 100'000},
             "as patina coat --steps"},
            {"--learnability",
             "W",
             "weight of the learnability term, as in patina coat; larger is learned sooner, 0 does "
             "without",
             core::RealField{&options.learnability_weight, 0.0, 1000.0}}}}};
}

std::vector<core::OptionField> describe_draws(ChainOptions& options) {
  return {{"--suspect-images",
           "N",
           "how many of a model's images make one draw, at most --count; more find more",
           core::WholeField{&options.suspect_images, 5, 10'000}},
          {"--repeats",
           "N",
           "draws for each rate; more narrow its interval",
           core::WholeField{&options.repeats, 1, 1'000'000}}};
}

void validate(const ChainOptions& options) {
  require(options.sets.size() >= 2, "--sets", "fewer than two folders: one is the other's control");
  require(!options.methods.empty(), "--methods", "none given");
  require(!options.coatings.empty(), "--coatings", "none given");
  require(!options.shares_percent.empty(), "--shares", "none given");
  ChainOptions described = options;
  core::validate(all_fields(described));
  require(options.suspect_images <= options.images, "--suspect-images", "is more than --count");
  for (const int share : options.shares_percent) {
    require(share >= 1 && share <= 100, "--shares", std::to_string(share) + " is outside 1 to 100");
  }
  require(options.class_prompt.find_first_not_of(' ') != std::string::npos,
          "--class-prompt",
          "holds no word");
  const bool token = std::any_of(
      options.methods.begin(), options.methods.end(), diffusion::learns_token);
  require(!token || options.prompt.find("{}") != std::string::npos,
          "--prompt",
          "holds no {} for the token that a method learns");
  require_other_names(options);
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
