// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "core/csv.h"
#include "core/files.h"
#include "core/text.h"
#include "evaluate/chain.h"

namespace patina::evaluate {

namespace {

std::string number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// The rates of models without the coating, those that were measured.
std::vector<const Rates*> benign_rates(const ChainRow& row) {
  std::vector<const Rates*> all = {
      &row.false_uncoated, &row.false_other, &row.false_owners, &row.false_base};
  all.erase(
      std::remove_if(all.begin(), all.end(), [](const Rates* rates) { return rates->empty(); }),
      all.end());
  return all;
}

void add(const Rates& rates, Rates& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += rates[i];
}

// A set is called what its folder is called, which may hold anything.
std::string replaced(const std::string& text,
                     const std::vector<std::pair<char, std::string>>& replacements) {
  std::string result;
  for (const char c : core::printable(text)) {
    const auto found = std::find_if(
        replacements.begin(), replacements.end(), [c](const auto& replacement) {
          return replacement.first == c;
        });
    result += found == replacements.end() ? std::string(1, c) : found->second;
  }
  return result;
}

std::string markdown_cell(const std::string& text) {
  return replaced(text, {{'|', "\\|"}, {'<', "\\<"}});
}

std::string xml_text(const std::string& text) {
  return replaced(text, {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}});
}

std::string rates_text(const Rates& rates) {
  if (rates.empty()) return "-";
  std::string text;
  for (const double rate : rates) text += (text.empty() ? "" : " / ") + number("%.4g", rate);
  return text;
}

std::string summary_table(const ChainResult& result) {
  std::ostringstream text;
  text << "| method | coating | coated % | sets | true positives | false positives, mean | false "
          "positives, worst row | PSNR dB | DeltaE00 |\n"
       << "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const ChainSummary& row : summarise(result)) {
    text << "| " << row.method << " | " << row.coating << " | " << row.share_percent << " | "
         << row.sets << " | " << rates_text(row.true_positive) << " | "
         << rates_text(row.false_positive) << " | " << rates_text(row.worst) << " | "
         << number("%.1f", row.psnr_db) << " | " << number("%.2f", row.delta_e_mean) << " |\n";
  }
  return text.str();
}

std::string markdown(const ChainOptions& options, const ChainResult& result) {
  std::ostringstream text;
  text << "Share of " << options.repeats << " draws of " << options.suspect_images
       << " images that an audit rejects (by the signs of the key where it has any, else by the "
          "one-sided KS test) against "
       << options.images
       << " images of a model fully fine-tuned on the uncoated set, at 1e-3 / 1e-6 / 1e-9 / 1e-12. "
          "Rates are over "
          "draws of a model's images, and then averaged over the models that there are: they say "
          "little of models that were not trained.\n\n"
       << summary_table(result)
       << "\nSet by set. False positives: another model of the uncoated set, by the row's method; "
          "models of the other "
          "sets, uncoated; the same, coated with their owners' keys; the base. Frechet: distance "
          "between generations after coated and uncoated training, and, in brackets, between those "
          "of two uncoated trainings.\n\n"
       << "| set | method | coating | coated % | true positives | false: uncoated | false: other "
          "sets | false: other owners | false: base | AUC | PSNR dB | SSIM | DeltaE00 | Frechet "
          "(chance) | loss coated, uncoated |\n"
       << "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | "
          "--- |\n";
  for (const ChainRow& row : result.rows) {
    text << "| " << markdown_cell(row.set) << " | " << row.method << " | " << row.coating << " | "
         << row.share_percent << " | " << rates_text(row.true_positive) << " | "
         << rates_text(row.false_uncoated) << " | " << rates_text(row.false_other) << " | "
         << rates_text(row.false_owners) << " | " << rates_text(row.false_base) << " | "
         << number("%.3f", row.auc) << " | " << number("%.1f", row.psnr_db) << " | "
         << number("%.3f", row.ssim) << " | " << number("%.2f", row.delta_e_mean) << " | "
         << number("%.0f", row.frechet)
         << (std::isnan(row.frechet_reseeded) ? ""
                                              : " (" + number("%.0f", row.frechet_reseeded) + ")")
         << " | " << number("%.4f", row.loss_coated) << ", " << number("%.4f", row.loss_uncoated)
         << " |\n";
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
                                                          {"other-owner", &row.false_owners},
                                                          {"base", &row.false_base}};
    for (const auto& [kind, rates] : kinds) {
      for (std::size_t i = 0; i < rates->size(); ++i) {
        text << core::csv_field(row.set) << ',' << row.method << ',' << row.coating << ','
             << row.share_percent << ',' << kind << ',' << kChainAlphas[i] << ',' << (*rates)[i]
             << ',' << row.auc << ',' << row.psnr_db << ',' << row.ssim << ',' << row.delta_e_mean
             << ',' << row.frechet << ',' << row.frechet_reseeded << ',' << row.loss_coated << ','
             << row.loss_uncoated << '\n';
      }
    }
  }
  return text.str();
}

// As wide as the longest label, by the mean width of a sans-serif letter.
int label_width_px(const std::vector<std::string>& labels) {
  constexpr int kLetterPx = 7;
  std::size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, label.size());
  return kLetterPx * static_cast<int>(longest);
}

// Rows of bars: true positives at each level in blue, the largest false-positive rate in red.
std::string svg(const ChainResult& result) {
  constexpr int kTop = 48, kRowHeight = 22, kMargin = 8, kBar = 90, kGap = 14;
  constexpr const char *kFound = "#2b6cb0", *kAccused = "#c53030";
  std::vector<std::string> labels;
  for (const ChainRow& row : result.rows) {
    labels.push_back(row.set + ", " + row.method + ", " + row.coating + ", " +
                     std::to_string(row.share_percent) + " %");
  }
  const int left = 2 * kMargin + label_width_px(labels);
  const auto bar_x = [&](std::size_t i) { return left + static_cast<int>(i) * (kBar + kGap); };
  std::ostringstream text;
  text << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << bar_x(std::size(kChainAlphas))
       << "\" height=\"" << kTop + kMargin + kRowHeight * static_cast<int>(labels.size())
       << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
       << "<text x=\"" << left << "\" y=\"16\">share of draws rejected: <tspan fill=\"" << kFound
       << "\">coated</tspan>, <tspan fill=\"" << kAccused << "\">worst innocent</tspan></text>\n";
  for (std::size_t i = 0; i < std::size(kChainAlphas); ++i) {
    text << "<text x=\"" << bar_x(i) << "\" y=\"38\">alpha " << number("%g", kChainAlphas[i])
         << "</text>\n";
  }
  const auto bar = [&text](int x, int y, double length_px, int height_px, const char* colour) {
    text << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << number("%.1f", length_px)
         << "\" height=\"" << height_px << "\" fill=\"" << colour << "\"/>\n";
  };
  int y = kTop;
  for (std::size_t at = 0; at < labels.size(); ++at, y += kRowHeight) {
    const ChainRow& row = result.rows[at];
    text << "<text x=\"" << kMargin << "\" y=\"" << y + 14 << "\">" << xml_text(labels[at])
         << "</text>\n";
    for (std::size_t i = 0; i < row.true_positive.size(); ++i) {
      double worst = 0.0;
      for (const Rates* rates : benign_rates(row)) worst = std::max(worst, (*rates)[i]);
      bar(bar_x(i), y, kBar, 16, "#eee");
      bar(bar_x(i), y, kBar * row.true_positive[i], 11, kFound);
      bar(bar_x(i), y + 11, kBar * worst, 5, kAccused);
    }
  }
  text << "</svg>\n";
  return text.str();
}

}  // namespace

std::vector<ChainSummary> summarise(const ChainResult& result) {
  std::vector<ChainSummary> summaries;
  std::vector<double> kinds;  // Rows and kinds of models that a summary's rates were added from.
  for (const ChainRow& row : result.rows) {
    std::size_t at = 0;
    while (at < summaries.size() &&
           (summaries[at].method != row.method || summaries[at].coating != row.coating ||
            summaries[at].share_percent != row.share_percent)) {
      ++at;
    }
    if (at == summaries.size()) {
      const Rates none(std::size(kChainAlphas), 0.0);
      summaries.push_back({row.method, row.coating, row.share_percent, 0, none, none, none});
      kinds.push_back(0.0);
    }
    ChainSummary& summary = summaries[at];
    ++summary.sets;
    summary.psnr_db += row.psnr_db;
    summary.delta_e_mean += row.delta_e_mean;
    add(row.true_positive, summary.true_positive);
    for (const Rates* rates : benign_rates(row)) {
      kinds[at] += 1.0;
      add(*rates, summary.false_positive);
      for (std::size_t i = 0; i < rates->size(); ++i) {
        summary.worst[i] = std::max(summary.worst[i], (*rates)[i]);
      }
    }
  }
  for (std::size_t at = 0; at < summaries.size(); ++at) {
    ChainSummary& summary = summaries[at];
    for (double& rate : summary.true_positive) rate /= summary.sets;
    for (double& rate : summary.false_positive) rate /= kinds[at];
    summary.psnr_db /= summary.sets;
    summary.delta_e_mean /= summary.sets;
  }
  return summaries;
}

std::string write_tables(const ChainOptions& options, const ChainResult& result) {
  const std::string table = markdown(options, result);
  core::write_file_atomic(options.output / "chain.md", table);
  core::write_file_atomic(options.output / "chain.csv", csv(result));
  core::write_file_atomic(options.output / "chain.svg", svg(result));
  return table;
}

}  // namespace patina::evaluate
