// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <sstream>

#include "core/files.h"
#include "evaluate/chain.h"

namespace patina::evaluate {

namespace {

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string rates_text(const Rates& rates) {
  std::string text;
  for (const double rate : rates) text += (text.empty() ? "" : " / ") + number("%.4g", rate);
  return text;
}

std::string markdown(const ChainOptions& options, const ChainResult& result) {
  std::ostringstream text;
  text << "Share of " << options.repeats << " draws of " << options.suspect_images
       << " images that the one-sided KS test rejects against " << options.images
       << " images of a model of the uncoated set, at 1e-3 / 1e-6 / 1e-9 / 1e-12. Each row is one "
          "trained model a column: rates are over draws of its images, not over models.\n\n"
       << "| set | method | coating | coated % | true positives | false: uncoated | false: other "
          "set | false: base | AUC | PSNR dB | SSIM | DeltaE00 | Frechet (chance) | loss coated, "
          "uncoated |\n"
       << "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const ChainRow& row : result.rows) {
    text << "| " << row.set << " | " << row.method << " | " << row.coating << " | "
         << row.share_percent << " | " << rates_text(row.true_positive) << " | "
         << rates_text(row.false_uncoated) << " | " << rates_text(row.false_other) << " | "
         << rates_text(row.false_base) << " | " << number("%.3f", row.auc) << " | "
         << number("%.1f", row.psnr_db) << " | " << number("%.3f", row.ssim) << " | "
         << number("%.2f", row.delta_e_mean) << " | " << number("%.0f", row.frechet) << " ("
         << number("%.0f", row.frechet_reseeded) << ") | " << number("%.4f", row.loss_coated)
         << ", " << number("%.4f", row.loss_uncoated) << " |\n";
  }
  return text.str();
}

std::string csv(const ChainResult& result) {
  std::ostringstream text;
  text.precision(9);
  text << "set,method,coating,share_percent,kind,alpha,rejected,auc,psnr_db,ssim,delta_e_mean,"
          "frechet,frechet_reseeded,loss_coated,loss_uncoated\n";
  for (const ChainRow& row : result.rows) {
    const std::pair<const char*, const Rates*> kinds[] = {{"coated", &row.true_positive},
                                                          {"uncoated", &row.false_uncoated},
                                                          {"other-set", &row.false_other},
                                                          {"base", &row.false_base}};
    for (const auto& [kind, rates] : kinds) {
      for (std::size_t i = 0; i < rates->size(); ++i) {
        text << row.set << ',' << row.method << ',' << row.coating << ',' << row.share_percent
             << ',' << kind << ',' << kChainAlphas[i] << ',' << (*rates)[i] << ',' << row.auc << ','
             << row.psnr_db << ',' << row.ssim << ',' << row.delta_e_mean << ',' << row.frechet
             << ',' << row.frechet_reseeded << ',' << row.loss_coated << ',' << row.loss_uncoated
             << '\n';
      }
    }
  }
  return text.str();
}

// Rows of bars: true positives at each level in blue, the largest false-positive rate in red.
std::string svg(const ChainResult& result) {
  constexpr int kRowHeight = 22, kLeft = 330, kBar = 90, kGap = 14;
  const int height = 40 + kRowHeight * static_cast<int>(result.rows.size());
  const int width = kLeft + 4 * (kBar + kGap);
  std::ostringstream text;
  text << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
       << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  for (std::size_t i = 0; i < std::size(kChainAlphas); ++i) {
    text << "<text x=\"" << kLeft + static_cast<int>(i) * (kBar + kGap) << "\" y=\"20\">alpha "
         << number("%.0e", kChainAlphas[i]) << "</text>\n";
  }
  int y = 32;
  for (const ChainRow& row : result.rows) {
    text << "<text x=\"8\" y=\"" << y + 14 << "\">" << row.set << ", " << row.method << ", "
         << row.coating << ", " << row.share_percent << " %</text>\n";
    for (std::size_t i = 0; i < row.true_positive.size(); ++i) {
      const int x = kLeft + static_cast<int>(i) * (kBar + kGap);
      const double worst = std::max({row.false_uncoated[i], row.false_other[i], row.false_base[i]});
      text << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << kBar
           << "\" height=\"16\" fill=\"#eee\"/>\n<rect x=\"" << x << "\" y=\"" << y << "\" width=\""
           << number("%.1f", kBar * row.true_positive[i])
           << "\" height=\"11\" fill=\"#2b6cb0\"/>\n<rect x=\"" << x << "\" y=\"" << y + 11
           << "\" width=\"" << number("%.1f", kBar * worst)
           << "\" height=\"5\" fill=\"#c53030\"/>\n";
    }
    y += kRowHeight;
  }
  text << "</svg>\n";
  return text.str();
}

}  // namespace

std::string write_tables(const ChainOptions& options, const ChainResult& result) {
  const std::string table = markdown(options, result);
  core::write_file_atomic(options.output / "chain.md", table);
  core::write_file_atomic(options.output / "chain.csv", csv(result));
  core::write_file_atomic(options.output / "chain.svg", svg(result));
  return table;
}

}  // namespace patina::evaluate
