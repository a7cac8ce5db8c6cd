// SPDX-License-Identifier: Apache-2.0
// The evidence bundle as a BagIt 1.0 bag [RFC 8493]: payload data/samples/<sha256>.<ext> and
// data/extractor.safetensors; tag files evidence.json, report.pdf, scores.csv, bagit.txt,
// bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt. The manifests are written last: a
// folder without them is an unfinished audit.
#pragma once

#include <filesystem>
#include <string>

#include "report/evidence/evidence.h"

namespace patina::report {

/// True if the folder holds a finished bundle (its tag manifest exists).
bool is_finished_bundle(const std::filesystem::path& bundle);

/// Writes evidence.json, scores.csv, report.pdf and the manifests into a bundle whose payload
/// (samples and extractor) is already in place. Every file appears whole or not at all.
/// `superseded` names a file of the unfinished audit that these replace, empty for none; it is
/// removed before the manifests are written.
void finish_bundle(const std::filesystem::path& bundle,
                   const Evidence& evidence,
                   const std::string& superseded = {});

}  // namespace patina::report
