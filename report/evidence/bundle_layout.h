// SPDX-License-Identifier: Apache-2.0
// Where the parts of an evidence bundle lie, relative to its folder.
#pragma once

namespace patina::report {

inline constexpr const char* kEvidenceFile = "evidence.json";
inline constexpr const char* kReportFile = "report.pdf";
inline constexpr const char* kScoresFile = "scores.csv";
inline constexpr const char* kExtractorFile = "data/extractor.safetensors";
inline constexpr const char* kSamplesFolder = "data/samples";
/// Below it "suspect" and "benign": what a collection over the network left.
inline constexpr const char* kAcquisitionFolder = "data/acquisition";

}  // namespace patina::report
