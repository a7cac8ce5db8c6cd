// SPDX-License-Identifier: Apache-2.0
// The PDF report: title page with the verdict in plain words, ECDF plot of both samples, table of
// tests, contact sheet of the suspect images with their scores, page on method and limits. Vector
// plots, embedded TrueType fonts, page numbers. libharu stays behind report/pdf*.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "images/pixels/image.h"
#include "report/evidence/evidence.h"

namespace patina::report {

struct PdfOptions {
  int contact_sheet_max = 60;  ///< Suspect images shown; the rest is counted in a line.
  int thumbnail_px = 256;      ///< Longer side of an embedded thumbnail.
};

/// Loads the image of a sample for the contact sheet; may throw Error (then a box says so).
using LoadSample = std::function<images::Image(const ScoredSample&)>;

/// Renders the report, which prints the SHA-256 of evidence.json. The bytes depend on the evidence
/// and the images alone.
std::vector<std::uint8_t> render_pdf(const Evidence& evidence,
                                     const std::string& evidence_sha256,
                                     const LoadSample& load_sample,
                                     const PdfOptions& options = {});

}  // namespace patina::report
