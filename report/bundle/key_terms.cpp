// SPDX-License-Identifier: Apache-2.0
#include "report/bundle/key_terms.h"

#include "core/error.h"
#include "report/bundle/bag.h"

namespace patina::report {

std::vector<double> mean_key_terms(const std::filesystem::path& bundle,
                                   const SampleSet& set,
                                   keys::Extractor& extractor,
                                   const images::ImageLimits& limits,
                                   const core::Observer& observer) {
  const auto total = static_cast<std::int64_t>(set.samples.size());
  std::vector<double> mean;
  std::int64_t done = 0;
  for (const ScoredSample& sample : set.samples) {
    if (!is_plain_file(bundle, sample.file)) {
      throw core::Error(core::ErrorKind::kInput,
                        (bundle / sample.file).string(),
                        "is missing or not a plain file",
                        "use the bundle as patina audit wrote it");
    }
    const images::Image image = images::read_image(bundle / sample.file, limits).image;
    const std::vector<std::vector<double>> terms = extractor.key_terms({&image});
    if (terms.empty()) return {};
    mean.resize(terms.front().size(), 0.0);
    for (std::size_t k = 0; k < mean.size(); ++k) {
      mean[k] += terms.front()[k] / static_cast<double>(total);
    }
    observer.report({"signs of the key", ++done, total, sample.file});
  }
  return mean;
}

}  // namespace patina::report
