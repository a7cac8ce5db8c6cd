// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/audit_checks.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/numbers.h"

namespace patina::analyzer {
namespace {

using core::Error;
using core::ErrorKind;
using report::SampleSet;

// A larger ratio of median pixel counts is told as a warning.
constexpr double kComparableSizeRatio = 2.0;
// A larger share of images that would have to change format to make the mixes equal (total
// variation distance) is told as a warning.
constexpr double kComparableFormatDistance = 0.5;

void require_outside(const std::filesystem::path& bundle, const queryers::SuspectInfo& source) {
  if (source.kind != "directory" || !core::is_inside(bundle, source.location)) return;
  throw Error(ErrorKind::kInput,
              bundle.string(),
              "the evidence bundle would lie inside the audited folder " + source.location,
              "choose another place with --output");
}

double median_pixels(const SampleSet& set) {
  std::vector<double> pixels;
  for (const report::ScoredSample& sample : set.samples) {
    pixels.push_back(static_cast<double>(sample.width_px) * sample.height_px);
  }
  std::sort(pixels.begin(), pixels.end());
  const std::size_t half = pixels.size() / 2;
  return pixels.size() % 2 == 1 ? pixels[half] : (pixels[half - 1] + pixels[half]) / 2;
}

std::map<std::string, double> format_shares(const SampleSet& set) {
  std::map<std::string, double> shares;
  for (const report::ScoredSample& sample : set.samples) {
    const std::string extension = std::filesystem::path(sample.file).extension().string();
    shares[extension] += 1.0 / static_cast<double>(set.samples.size());
  }
  return shares;
}

// ".jpg 80 %, .png 20 %".
std::string in_words(const std::map<std::string, double>& shares) {
  std::string text;
  for (const auto& [format, share] : shares) {
    text += (text.empty() ? "" : ", ") + format + " " + std::to_string(std::lround(100 * share)) +
            " %";
  }
  return text;
}

std::string megapixels(double pixels) { return core::general_text(pixels / 1e6, 3); }

void note_sizes(const report::Evidence& evidence, std::vector<std::string>& notes) {
  const double suspect = median_pixels(evidence.suspect);
  const double benign = median_pixels(evidence.benign);
  if (std::max(suspect, benign) <= kComparableSizeRatio * std::min(suspect, benign)) return;
  notes.push_back("Comparability: suspect images have a median of " + megapixels(suspect) +
                  " megapixels, benign images of " + megapixels(benign) +
                  "; size alone can shift scores, so repeat the audit with images of like size.");
}

void note_formats(const report::Evidence& evidence, std::vector<std::string>& notes) {
  std::map<std::string, double> suspect = format_shares(evidence.suspect);
  std::map<std::string, double> benign = format_shares(evidence.benign);
  const std::string mixes = "suspect images are " + in_words(suspect) + ", benign images " +
                            in_words(benign);
  double distance = 0.0;
  for (const auto& entry : benign) suspect.emplace(entry.first, 0.0);
  for (const auto& [format, share] : suspect) distance += std::abs(share - benign[format]) / 2;
  if (distance <= kComparableFormatDistance) return;
  notes.push_back("Comparability: " + mixes +
                  "; compression alone can shift scores, so repeat the audit with images of like "
                  "format.");
}

void note_skipped(const char* role, const SampleSet& set, std::vector<std::string>& notes) {
  if (set.skipped.empty()) return;
  notes.push_back(std::to_string(set.skipped.size()) + " of " +
                  std::to_string(set.skipped.size() + set.samples.size()) + " " + role +
                  " files were not tested (unreadable, or the same bytes as another file); each is "
                  "listed with its reason.");
}

void note_acquisition(const char* role, const SampleSet& set, std::vector<std::string>& notes) {
  if (!set.acquisition) return;
  const report::AcquisitionRecord& record = *set.acquisition;
  const auto images = record.outcomes.find("image");
  const std::int64_t got = images == record.outcomes.end() ? 0 : images->second;
  if (got < record.planned) {
    notes.push_back("Completeness: of " + std::to_string(record.planned) +
                    " images planned of the " + role + ", " + std::to_string(got) +
                    " were received; what became of the others is listed, and losing some kinds of "
                    "images more than others biases a sample.");
  }
  for (const std::string& remark : record.remarks) {
    notes.push_back(std::string("Acquisition of the ") + role + ": " + remark);
  }
}

void note_power(const report::Evidence& evidence, std::vector<std::string>& notes) {
  if (evidence.comparison.smallest_possible_p <= evidence.options.alpha) return;
  const stats::Protocol protocol = evidence.comparison.protocol;
  const stats::AuditSizes sizes = {static_cast<std::int64_t>(evidence.suspect.samples.size()),
                                   static_cast<std::int64_t>(evidence.benign.samples.size()),
                                   static_cast<std::int64_t>(evidence.key_terms.size())};
  const std::string limit = "no p-value below " +
                            core::p_value_text(evidence.comparison.smallest_possible_p) +
                            " is possible and alpha is " +
                            core::p_value_text(evidence.options.alpha) + "; ";
  notes.push_back("With " + stats::bound_in_words(protocol, sizes) + " " + limit +
                  stats::facts_of(protocol).remedy + ".");
}

std::size_t smaller_size(const SampleSet& suspect, const SampleSet& benign) {
  return std::min(suspect.samples.size(), benign.samples.size());
}

std::size_t shared_count(const SampleSet& suspect, const SampleSet& benign) {
  std::set<std::string> digests;
  for (const report::ScoredSample& sample : suspect.samples) digests.insert(sample.sha256);
  return static_cast<std::size_t>(
      std::count_if(benign.samples.begin(), benign.samples.end(), [&](const auto& sample) {
        return digests.count(sample.sha256) > 0;
      }));
}

}  // namespace

void require_separate(const Sources& sources, const std::filesystem::path& bundle) {
  require_outside(bundle, sources.suspect);
  require_outside(bundle, sources.benign);
  if (sources.suspect.kind != "directory" || sources.benign.kind != "directory") return;
  const bool benign_inside = core::is_inside(sources.benign.location, sources.suspect.location);
  const bool suspect_inside = core::is_inside(sources.suspect.location, sources.benign.location);
  if (!benign_inside && !suspect_inside) return;
  const std::string problem = benign_inside && suspect_inside
                                  ? "suspect and benign are the same folder"
                                  : "one of suspect and benign lies inside the other, " +
                                        sources.suspect.location;
  throw Error(ErrorKind::kInput,
              sources.benign.location,
              problem,
              "name a separate folder of images by models known not to have used the coated set");
}

void require_enough(const SampleSet& set, int min_samples) {
  if (set.samples.size() >= static_cast<std::size_t>(min_samples)) return;
  const std::string count = std::to_string(set.samples.size());
  const std::string skipped = set.skipped.empty() ? ""
                                                  : " (" + std::to_string(set.skipped.size()) +
                                                        " more were skipped)";
  throw Error(ErrorKind::kInput,
              set.location,
              count + " readable image" + (set.samples.size() == 1 ? "" : "s") + skipped +
                  ", an audit needs at least " + std::to_string(min_samples),
              "add images");
}

void require_few_shared(const SampleSet& suspect, const SampleSet& benign) {
  const std::size_t shared = shared_count(suspect, benign);
  const std::size_t smaller = smaller_size(suspect, benign);
  if (2 * shared <= smaller) return;
  throw Error(ErrorKind::kInput,
              benign.location,
              "benign and suspect share " + std::to_string(shared) + " of " +
                  std::to_string(smaller) + " images",
              "name benign images that the suspect did not give");
}

std::vector<std::string> audit_notes(const report::Evidence& evidence) {
  std::vector<std::string> notes;
  const std::size_t shared = shared_count(evidence.suspect, evidence.benign);
  if (shared > 0) {
    notes.push_back("Suspect and benign share " + std::to_string(shared) + " of " +
                    std::to_string(smaller_size(evidence.suspect, evidence.benign)) +
                    " images; these stay in both samples, which can only weaken the evidence.");
  }
  note_skipped("suspect", evidence.suspect, notes);
  note_skipped("benign", evidence.benign, notes);
  note_acquisition("suspect", evidence.suspect, notes);
  note_acquisition("benign", evidence.benign, notes);
  note_sizes(evidence, notes);
  note_formats(evidence, notes);
  note_power(evidence, notes);
  if (!evidence.commitment) {
    notes.emplace_back(
        "No commitment was given, so nothing here shows that the key existed before the suspect's "
        "images.");
  }
  return notes;
}

}  // namespace patina::analyzer
