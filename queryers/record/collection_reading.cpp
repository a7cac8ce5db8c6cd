// SPDX-License-Identifier: Apache-2.0
// A collection read back: its items as they ended, and as a suspect.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/journal.h"
#include "core/json.h"
#include "core/text.h"
#include "queryers/record/collection.h"

namespace patina::queryers {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kMaxSampleBytes = 1ULL << 30;
constexpr double kClockDifferenceS = 5.0;  // worth telling

bool is_sample_name(const std::string& file) {
  const std::string folder = std::string(kCollectedFolder) + "/";
  return file.compare(0, folder.size(), folder) == 0 &&
         file.find('/', folder.size()) == std::string::npos && file.find("..") == std::string::npos;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

CollectedSample sample_from_json(const json& object) {
  CollectedSample sample;
  sample.sha256 = object.value("sha256", std::string());
  sample.file = object.value("file", std::string());
  sample.format = object.value("format", std::string());
  sample.width_px = object.value("width_px", 0);
  sample.height_px = object.value("height_px", 0);
  sample.bytes = object.value("bytes", std::uint64_t{0});
  sample.source = object.value("source", std::string());
  sample.flags = object.value("flags", std::vector<std::string>());
  sample.metadata = object.value("metadata", json());
  return sample;
}

ItemEnd end_from_json(const json& line) {
  ItemEnd end;
  end.item = line.value("item", std::string());
  end.outcome = core::outcome_from_name(line.value("outcome", std::string()))
                    .value_or(Outcome::kProtocolError);
  end.detail = line.value("detail", std::string());
  end.reported = line.value("reported", json::object());
  const json sample = line.value("sample", json());
  if (sample.is_object()) end.sample = sample_from_json(sample);
  return end;
}

std::string excluded_reason(const CollectedSample& sample) {
  for (const std::string& flag : sample.flags) {
    if (flag == "control") return "asked without the trigger: kept, not tested";
    if (excluded_flag(flag)) return "flagged " + flag + ": kept, not tested";
  }
  return {};
}

// collection.json is written by the collector and bound to nothing: what counts of it is checked
// against the journal by whoever verifies.
Acquisition acquisition_of(const json& facts) {
  const json service = facts.value("service_after", json::object());
  Acquisition acquisition;
  acquisition.service = text_of(service, "server");
  acquisition.model = text_of(service, "model");
  acquisition.model_digest = text_of(service, "model_digest");
  acquisition.identity_grade = text_of(service, "identity_grade");
  acquisition.began = text_of(facts, "began");
  acquisition.ended = text_of(facts, "ended");
  acquisition.planned = facts.value("planned", std::uint64_t{0});
  acquisition.requests = facts.value("requests", std::uint64_t{0});
  acquisition.outcomes = facts.value("outcomes", std::map<std::string, std::uint64_t>());
  acquisition.remarks = service.value("remarks", std::vector<std::string>());
  if (facts.value("model_changed", false)) {
    acquisition.remarks.emplace_back(
        "The service named another model at the end of the collection than at its start.");
  }
  if (facts.value("insecure", false)) {
    acquisition.remarks.emplace_back("TLS certificates were not checked (--insecure).");
  }
  for (const std::string& remark : facts.value("remarks", std::vector<std::string>())) {
    acquisition.remarks.push_back(remark);
  }
  const double offset_s = facts.value("clock_offset_s", 0.0);
  if (std::abs(offset_s) >= kClockDifferenceS) {
    acquisition.remarks.push_back("The clock of a server that answered is at least " +
                                  std::to_string(std::lround(std::abs(offset_s))) + " s " +
                                  (offset_s > 0.0 ? "ahead of" : "behind") +
                                  " the clock that dates this evidence.");
  }
  const std::string stopped = text_of(facts, "stopped");
  if (!stopped.empty()) {
    acquisition.remarks.push_back("The collection ended before its plan: " + stopped + ".");
  }
  return acquisition;
}

class Collected : public Suspect {
 public:
  explicit Collected(fs::path folder) : folder_(std::move(folder)) {
    info_.kind = "collection";
    info_.location = core::printable(folder_.string());
    head_ = read_collection(folder_, [this](const ItemEnd& end) { ends_.push_back(end); });
    const fs::path summary = folder_ / kSummaryFile;
    std::error_code ignored;
    if (fs::exists(summary, ignored)) {
      const json facts = core::parse_json(core::read_text_file(summary), summary.string());
      info_.kind = facts.value("source_kind", info_.kind);
      info_.location = facts.value("source", info_.location);
      info_.acquisition = acquisition_of(facts);
      info_.acquisition->journal_sha256 = head_;
    }
    info_.expected_samples = static_cast<std::int64_t>(ends_.size());
    if (ends_.empty()) {
      throw Error(ErrorKind::kInput,
                  core::printable(folder_.string()),
                  "holds a collection without any outcome",
                  "let patina collect go on");
    }
  }

  SuspectInfo info() const override { return info_; }

  void collect(const std::function<void(Sample&&)>& on_sample,
               const std::function<void(Refusal&&)>& on_refusal) override {
    for (const ItemEnd& end : ends_) {
      const std::string source = end.sample && !end.sample->source.empty() ? end.sample->source
                                                                           : "request " + end.item;
      if (!end.sample || end.outcome != Outcome::kImage) {
        on_refusal(
            {source,
             std::string(to_string(end.outcome)) + (end.detail.empty() ? "" : ": " + end.detail)});
        continue;
      }
      const std::string excluded = excluded_reason(*end.sample);
      if (!excluded.empty()) {
        on_refusal({source, excluded});
        continue;
      }
      give(*end.sample, source, on_sample, on_refusal);
    }
  }

 private:
  void give(const CollectedSample& kept,
            const std::string& source,
            const std::function<void(Sample&&)>& on_sample,
            const std::function<void(Refusal&&)>& on_refusal) const {
    Sample sample;
    sample.source = source;
    try {
      if (!is_sample_name(kept.file)) throw Error(ErrorKind::kInput, kept.file, "is no sample");
      sample.bytes = core::read_file(folder_ / kept.file, kMaxSampleBytes);
    } catch (const Error& error) {
      on_refusal({source, error.problem()});
      return;
    }
    sample.sha256 = core::to_hex(core::sha256(sample.bytes));
    if (sample.sha256 != kept.sha256) {
      on_refusal({source, "the kept file is not what was received"});
      return;
    }
    on_sample(std::move(sample));
  }

  fs::path folder_;
  SuspectInfo info_;
  std::vector<ItemEnd> ends_;
  std::string head_;
};

}  // namespace

bool excluded_flag(const std::string& flag) {
  static constexpr std::array<const char*, 6> kExcluded = {
      "control", "other-model", "lora-not-confirmed", "released-copy", "near-duplicate", "preview"};
  return std::find(kExcluded.begin(), kExcluded.end(), flag) != kExcluded.end();
}

json to_json(const CollectedSample& sample) {
  json object = {{"sha256", sample.sha256},
                 {"file", sample.file},
                 {"format", sample.format},
                 {"width_px", sample.width_px},
                 {"height_px", sample.height_px},
                 {"bytes", sample.bytes},
                 {"flags", sample.flags}};
  if (!sample.source.empty()) object["source"] = sample.source;
  if (!sample.metadata.is_null()) object["metadata"] = sample.metadata;
  return object;
}

json to_json(const ItemEnd& end) {
  json object = {{"item", end.item}, {"outcome", to_string(end.outcome)}};
  if (!end.detail.empty()) object["detail"] = end.detail;
  if (!end.reported.empty()) object["reported"] = end.reported;
  if (end.sample) object["sample"] = to_json(*end.sample);
  return object;
}

std::string read_collection(const fs::path& folder,
                            const std::function<void(const ItemEnd&)>& on_end) {
  std::vector<ItemEnd> ends;
  std::string head = core::read_chain(folder / kJournalFile, [&ends](const json& line) {
    if (line.value("kind", std::string()) == "outcome") ends.push_back(end_from_json(line));
  });
  std::stable_sort(
      ends.begin(), ends.end(), [](const ItemEnd& a, const ItemEnd& b) { return a.item < b.item; });
  for (const ItemEnd& end : ends) on_end(end);
  return head;
}

bool is_collection(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kJournalFile, ignored) &&
         fs::is_regular_file(folder / kPlanFile, ignored);
}

void copy_collection(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  if (is_collection(to)) {
    const auto nothing = [](const json&) {};
    if (core::read_chain(to / kJournalFile, nothing) ==
        core::read_chain(from / kJournalFile, nothing)) {
      return;
    }
    throw Error(ErrorKind::kInput,
                core::printable(to.string()),
                "holds another collection than " + core::printable(from.string()),
                "name a new folder");
  }
  core::make_folder(to / kCollectedFolder);
  const auto copy = [&](const fs::path& file) {
    if (!failure)
      fs::copy_file(from / file, to / file, fs::copy_options::overwrite_existing, failure);
  };
  for (const auto& entry : fs::directory_iterator(from / kCollectedFolder, failure)) {
    copy(fs::path(kCollectedFolder) / entry.path().filename());
  }
  // The journal comes last: with it the copy is a collection.
  for (const char* file : {kPlanFile, kWarcFile, kSummaryFile, kJournalFile}) {
    if (fs::exists(from / file)) copy(file);
  }
  if (failure) {
    throw Error(ErrorKind::kDisk,
                core::printable(to.string()),
                "cannot be filled (" + failure.message() + ")",
                "free space or mend its permissions");
  }
}

std::unique_ptr<Suspect> open_collection(const fs::path& folder) {
  return std::make_unique<Collected>(folder);
}

}  // namespace patina::queryers
