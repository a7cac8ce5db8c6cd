// SPDX-License-Identifier: Apache-2.0
// The pages of the report, in order.
#pragma once

#include <string>

#include "report/evidence/evidence.h"
#include "report/pdf/pdf.h"
#include "report/pdf/pdf_canvas.h"

namespace patina::report::pdf {

/// Result in plain words, key numbers, what was compared, digests.
void draw_title_page(Canvas& canvas, const Evidence& evidence, const std::string& evidence_sha256);

/// Distribution plot, table of tests, effect size.
void draw_numbers_pages(Canvas& canvas, const Evidence& evidence);

/// Suspect images in order of score.
void draw_contact_sheet(Canvas& canvas,
                        const Evidence& evidence,
                        const LoadSample& load_sample,
                        const PdfOptions& options);

/// Items that were not scored; no page if there are none.
void draw_skipped_pages(Canvas& canvas, const Evidence& evidence);

/// H0, statistic, error rate, limits, notes, how to repeat.
void draw_method_pages(Canvas& canvas,
                       const Evidence& evidence,
                       const std::string& evidence_sha256);

/// Tool, digest and page number at the foot of every page.
void draw_footers(Canvas& canvas, const Evidence& evidence, const std::string& evidence_sha256);

}  // namespace patina::report::pdf
