// SPDX-License-Identifier: Apache-2.0
// kohya-ss writes how a LoRA was trained into its metadata, some of it as JSON within the text.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <set>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "diffusion/inspect/internal/fact_sheet.h"
#include "diffusion/inspect/internal/file_summary.h"

namespace patina::diffusion::internal {

using nlohmann::json;
using Metadata = std::map<std::string, std::string>;

namespace {

struct Entry {
  const char* key;
  const char* label;
};
// What people look for first, in this order.
constexpr Entry kFirst[] = {{"ss_output_name", "Name"},
                            {"ss_sd_model_name", "Base model"},
                            {"ss_base_model_version", "Base version"},
                            {"ss_training_comment", "Comment"},
                            {"ss_num_train_images", "Images"},
                            {"ss_num_reg_images", "Class images"},
                            {"ss_resolution", "Resolution"},
                            {"ss_num_epochs", "Epochs"},
                            {"ss_epoch", "Epoch"},
                            {"ss_steps", "Steps"},
                            {"ss_max_train_steps", "Most steps"},
                            {"ss_learning_rate", "Learning rate"},
                            {"ss_unet_lr", "UNet learning rate"},
                            {"ss_text_encoder_lr", "Text-encoder learning rate"},
                            {"ss_lr_scheduler", "Schedule"},
                            {"ss_optimizer", "Optimizer"},
                            {"ss_network_module", "Network module"},
                            {"ss_network_dim", "Network dim"},
                            {"ss_network_alpha", "Network alpha"},
                            {"ss_network_args", "Network arguments"}};
constexpr Entry kTimes[] = {{"ss_training_started_at", "Training began"},
                            {"ss_training_finished_at", "Training ended"}};
// Told in a form of their own.
const std::set<std::string> kSpecial = {
    "ss_tag_frequency", "ss_dataset_dirs", "ss_reg_dataset_dirs", "ss_datasets", "ss_bucket_info"};

std::string value_of(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() || found->second == "None" ? "" : one_line(found->second, 500);
}

json document_in(const Metadata& metadata, const std::string& key) {
  constexpr std::size_t kMostBytes = 16 << 20;
  const auto found = metadata.find(key);
  if (found == metadata.end() || found->second.size() > kMostBytes) return nullptr;
  try {
    return core::parse_json(found->second, key);
  } catch (const core::Error&) {
    return nullptr;  // hostile or cut short: nothing is told of it
  }
}

std::int64_t whole_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// A folder of training images.
struct Dataset {
  std::string folder;
  std::int64_t images = 0;
  std::int64_t repeats = 0;
};

// Older files: {"10_cat": {"n_repeats": 10, "img_count": 20}}.
void collect_dirs(const json& dirs, std::vector<Dataset>& datasets) {
  if (!dirs.is_object()) return;
  for (const auto& [folder, about] : dirs.items()) {
    if (!about.is_object()) continue;
    datasets.push_back(
        {one_line(folder, 80), whole_at(about, "img_count"), whole_at(about, "n_repeats")});
  }
}

void collect_subsets(const json& subsets, std::vector<Dataset>& datasets) {
  if (!subsets.is_array()) return;
  for (const json& subset : subsets) {
    if (!subset.is_object()) continue;
    const auto folder = subset.find("image_dir");
    datasets.push_back({folder != subset.end() && folder->is_string()
                            ? one_line(folder->get<std::string>(), 80)
                            : "not named",
                        whole_at(subset, "img_count"),
                        whole_at(subset, "num_repeats")});
  }
}

using Tags = std::map<std::string, std::int64_t>;

// {"10_cat": {"cat": 20, "indoors": 7}}
void collect_tags(const json& frequency, Tags& tags) {
  constexpr std::int64_t kMostCount = 1'000'000'000;
  if (!frequency.is_object()) return;
  for (const json& of_folder : frequency) {
    if (!of_folder.is_object()) continue;
    for (const auto& [tag, number] : of_folder.items()) {
      if (!number.is_number_integer()) continue;
      const std::int64_t seen = std::clamp<std::int64_t>(number.get<std::int64_t>(), 0, kMostCount);
      std::int64_t& sum = tags[one_line(tag, 80)];
      sum = std::min(sum + seen, kMostCount);
    }
  }
}

void add_datasets(const std::vector<Dataset>& datasets, FactSheet& sheet) {
  constexpr std::size_t kShown = 8;
  if (datasets.empty()) return;
  std::string text;
  json list = json::array();
  for (std::size_t i = 0; i < std::min<std::size_t>(datasets.size(), 100); ++i) {
    const Dataset& set = datasets[i];
    list.push_back({{"folder", set.folder}, {"images", set.images}, {"repeats", set.repeats}});
    if (i >= kShown) continue;
    text += (i > 0 ? "; " : "") + set.folder + " (" + std::to_string(set.images) + " images, " +
            std::to_string(set.repeats) + " repeats)";
  }
  if (datasets.size() > kShown) text += "; ...";
  sheet.add("Training sets", "datasets", text, list);
}

void add_tags(const Tags& tags, FactSheet& sheet) {
  constexpr std::size_t kListed = 50;
  constexpr std::size_t kShown = 12;
  if (tags.empty()) return;
  std::vector<std::pair<std::string, std::int64_t>> ranking(tags.begin(), tags.end());
  std::stable_sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
    return a.second > b.second;
  });
  std::string text;
  json list = json::array();
  for (std::size_t i = 0; i < std::min(ranking.size(), kListed); ++i) {
    const auto& [tag, number] = ranking[i];
    list.push_back({{"tag", tag}, {"count", number}});
    if (i < kShown) text += (i > 0 ? ", " : "") + tag + " " + std::to_string(number);
  }
  if (ranking.size() > kShown) text += ", ... (" + std::to_string(ranking.size()) + " tags)";
  sheet.add("Top tags", "top_tags", text, list);
}

// Seconds since 1970 as kohya-ss writes them, "1696000000.25", in UTC; else the text itself.
std::string time_text(const std::string& seconds) {
  constexpr double kYear9999 = 253402300799.0;
  char* end = nullptr;
  const double value = std::strtod(seconds.c_str(), &end);
  const bool whole = end != seconds.c_str() && *end == '\0';
  if (!whole || !std::isfinite(value) || value < 0.0 || value > kYear9999) return seconds;
  const auto time = static_cast<std::time_t>(value);
  std::tm utc = {};
  return gmtime_r(&time, &utc) == nullptr ? seconds : core::utc_text(utc);
}

// "ss_noise_offset" -> "Noise offset".
std::string label_of(const std::string& key, std::size_t prefix) {
  std::string label = one_line(key.substr(prefix), 60);
  std::replace(label.begin(), label.end(), '_', ' ');
  if (!label.empty()) {
    label[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(label[0])));
  }
  return label;
}

void add_rest(const Metadata& metadata, FactSheet& sheet) {
  std::set<std::string> told = kSpecial;
  for (const Entry& entry : kFirst) told.insert(entry.key);
  for (const Entry& entry : kTimes) told.insert(entry.key);
  constexpr std::size_t kMostFacts = 80;
  std::size_t facts = 0;
  for (const auto& [key, value] : metadata) {
    const std::size_t prefix = key.rfind("ss_", 0) == 0          ? 3
                               : key.rfind("modelspec.", 0) == 0 ? 10
                                                                 : 0;
    if (prefix == 0 || told.count(key) > 0 || facts == kMostFacts) continue;
    const std::string text = one_line(value);
    if (text.empty() || text == "None") continue;
    sheet.add(label_of(key, prefix), one_line(key, 80), text);
    ++facts;
  }
}

}  // namespace

void add_training(const Metadata& metadata, FactSheet& sheet) {
  for (const Entry& entry : kFirst)
    sheet.add(entry.label, entry.key, value_of(metadata, entry.key));
  for (const Entry& entry : kTimes) {
    sheet.add(entry.label, entry.key, time_text(value_of(metadata, entry.key)));
  }
  std::vector<Dataset> datasets;
  Tags tags;
  collect_dirs(document_in(metadata, "ss_dataset_dirs"), datasets);
  collect_tags(document_in(metadata, "ss_tag_frequency"), tags);
  for (const json& set : document_in(metadata, "ss_datasets")) {
    if (!set.is_object()) continue;
    if (set.contains("subsets")) collect_subsets(set["subsets"], datasets);
    if (set.contains("tag_frequency")) collect_tags(set["tag_frequency"], tags);
  }
  add_datasets(datasets, sheet);
  add_tags(tags, sheet);
  add_rest(metadata, sheet);
}

}  // namespace patina::diffusion::internal
