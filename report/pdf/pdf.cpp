// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf.h"

#include "report/pdf/pdf_canvas.h"
#include "report/pdf/pdf_pages.h"

namespace patina::report {

std::vector<std::uint8_t> render_pdf(const Evidence& evidence,
                                     const std::string& evidence_sha256,
                                     const LoadSample& load_sample,
                                     const PdfOptions& options) {
  const std::string name = evidence.case_name.empty() ? "" : ": " + evidence.case_name;
  pdf::Canvas canvas(
      {"Patina audit report" + name, "Patina " + evidence.tool_version, evidence.created});
  pdf::draw_title_page(canvas, evidence, evidence_sha256);
  pdf::draw_numbers_pages(canvas, evidence);
  pdf::draw_contact_sheet(canvas, evidence, load_sample, options);
  pdf::draw_skipped_pages(canvas, evidence);
  pdf::draw_method_pages(canvas, evidence, evidence_sha256);
  pdf::draw_footers(canvas, evidence, evidence_sha256);
  return canvas.finish();
}

}  // namespace patina::report
