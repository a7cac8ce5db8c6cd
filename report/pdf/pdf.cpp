// SPDX-License-Identifier: Apache-2.0
#include "report/pdf/pdf.h"

#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/json.h"
#include "report/pdf/pdf_canvas.h"
#include "report/pdf/pdf_pages.h"

namespace patina::report {

std::vector<std::uint8_t> render_pdf(const Evidence& evidence,
                                     const LoadSample& load_sample,
                                     const PdfOptions& options) {
  // The text finish_bundle writes, so that the printed digest is that of the file.
  const std::string digest = core::to_hex(core::sha256(core::dump_json(to_json(evidence))));
  const std::string name = evidence.case_name.empty() ? "" : ": " + evidence.case_name;
  pdf::Canvas canvas(
      {"Patina audit report" + name, "Patina " + evidence.tool_version, evidence.created});
  pdf::draw_title_page(canvas, evidence, digest);
  pdf::draw_numbers_pages(canvas, evidence);
  pdf::draw_contact_sheet(canvas, evidence, load_sample, options);
  pdf::draw_skipped_pages(canvas, evidence);
  pdf::draw_method_pages(canvas, evidence, digest);
  pdf::draw_footers(canvas, evidence, digest);
  return canvas.finish();
}

}  // namespace patina::report
