// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tables/tables.h"

#include <cmath>
#include <sstream>

#include "core/csv.h"
#include "core/error.h"
#include "evaluate/chain/chain.h"
#include "evaluate/chain/row.h"
#include "evaluate/chain/summary.h"
#include "evaluate/tables/bars.h"

namespace patina::evaluate {

using nlohmann::json;

namespace {

std::string rates_text(const Rates& rates) {
  if (rates.empty()) return "-";
  std::string text;
  for (const double rate : rates) {
    text += (text.empty() ? "" : " / ") + format_value("%.4g", rate);
  }
  return text;
}

std::string caption(const Sampling& sampling) {
  std::ostringstream text;
  text << "Share of " << sampling.draws << " draws of " << sampling.suspect_images
       << " images that an audit rejects (by the signs of the key where it has any, else by the "
          "one-sided KS test) against "
       << sampling.images
       << " images of a model fully fine-tuned on the uncoated set, at 1e-3 / 1e-6 / 1e-9 / 1e-12. "
          "Rates are over draws of a model's images, and then averaged over the models that there "
          "are: they say little of models that were not trained.\n\n";
  return text.str();
}

constexpr const char* kSetBySet =
    "\nSet by set. False positives: another model of the uncoated set, by the row's method; models "
    "of the other sets, uncoated; the same, coated with their owners' keys; the base. Frechet: "
    "distance between generations after coated and uncoated training, and, in brackets, between "
    "those of two uncoated trainings.\n\n";

std::string summary_table(const std::vector<ChainRow>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const ChainSummary& row : summarise(rows)) {
    cells.push_back({row.method,
                     row.coating,
                     std::to_string(row.share_percent),
                     std::to_string(row.sets),
                     rates_text(row.true_positive),
                     rates_text(row.false_positive),
                     rates_text(row.worst),
                     format_value("%.1f", row.psnr_db),
                     format_value("%.2f", row.delta_e_mean)});
  }
  return markdown_table({"method",
                         "coating",
                         "coated %",
                         "sets",
                         "true positives",
                         "false positives, mean",
                         "false positives, worst row",
                         "PSNR dB",
                         "DeltaE00"},
                        cells);
}

std::string frechet_text(const ChainRow& row) {
  const std::string distance = format_value("%.0f", row.frechet);
  if (std::isnan(row.frechet_reseeded)) return distance;
  return distance + " (" + format_value("%.0f", row.frechet_reseeded) + ")";
}

std::string row_table(const std::vector<ChainRow>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const ChainRow& row : rows) {
    cells.push_back(
        {row.set,
         row.method,
         row.coating,
         std::to_string(row.share_percent),
         rates_text(row.true_positive),
         rates_text(row.false_uncoated),
         rates_text(row.false_other),
         rates_text(row.false_owners),
         rates_text(row.false_base),
         format_value("%.3f", row.auc),
         format_value("%.1f", row.psnr_db),
         format_value("%.3f", row.ssim),
         format_value("%.2f", row.delta_e_mean),
         frechet_text(row),
         format_value("%.4f", row.loss_coated) + ", " + format_value("%.4f", row.loss_uncoated)});
  }
  return markdown_table({"set",
                         "method",
                         "coating",
                         "coated %",
                         "true positives",
                         "false: uncoated",
                         "false: other sets",
                         "false: other owners",
                         "false: base",
                         "AUC",
                         "PSNR dB",
                         "SSIM",
                         "DeltaE00",
                         "Frechet (chance)",
                         "loss coated, uncoated"},
                        cells);
}

/// The models of one kind in a row.
struct Kind {
  const char* name;
  const Rates& rates;
  int models;
};

std::string kind_csv(const ChainRow& row, const Kind& kind) {
  std::ostringstream text;
  text.precision(9);
  const std::int64_t draws = row.sampling.draws * kind.models;
  for (std::size_t i = 0; i < kind.rates.size(); ++i) {
    const stats::Interval interval = interval_of(kind.rates[i], draws);
    text << core::csv_field(row.set) << ',' << row.method << ',' << row.coating << ','
         << row.share_percent << ',' << kind.name << ',' << kAlphas[i] << ',' << kind.rates[i]
         << ',' << draws << ',' << interval.low << ',' << interval.high << ',' << row.auc << ','
         << row.psnr_db << ',' << row.ssim << ',' << row.delta_e_mean << ',' << row.frechet << ','
         << row.frechet_reseeded << ',' << row.loss_coated << ',' << row.loss_uncoated << '\n';
  }
  return text.str();
}

std::string csv(const std::vector<ChainRow>& rows) {
  std::string text =
      "set,method,coating,share_percent,kind,alpha,rejected,draws,rejected_low,rejected_high,auc,"
      "psnr_db,ssim,delta_e_mean,frechet,frechet_reseeded,loss_coated,loss_uncoated\n";
  for (const ChainRow& row : rows) {
    text += kind_csv(row, {"coated", row.true_positive, 1});
    text += kind_csv(row, {"uncoated", row.false_uncoated, 1});
    text += kind_csv(row, {"other-set", row.false_other, row.other_models});
    text += kind_csv(row, {"other-owner", row.false_owners, row.owner_models});
    text += kind_csv(row, {"base", row.false_base, 1});
  }
  return text;
}

std::string svg(const std::vector<ChainRow>& rows) {
  std::vector<BarRow> bars;
  for (const ChainRow& row : rows) {
    bars.push_back({row.set + ", " + row.method + ", " + row.coating + ", " +
                        std::to_string(row.share_percent) + " %",
                    row.true_positive,
                    largest_of(innocent_rates(row))});
  }
  return bars_svg(bars);
}

json rows_json(const std::vector<ChainRow>& rows) {
  json all = json::array();
  for (const ChainRow& row : rows) {
    json one = result_of(row);
    one["set"] = row.set;
    one["method"] = row.method;
    one["coating"] = row.coating;
    one["share_percent"] = row.share_percent;
    all.push_back(one);
  }
  return all;
}

}  // namespace

Tables tabulate_chain(const std::vector<CellRecord>& records) {
  if (records.empty()) {
    throw core::Error(core::ErrorKind::kInput,
                      "the output folder",
                      "holds no finished cell of these options",
                      "run the same command without --tables-only");
  }
  std::vector<ChainRow> rows;
  for (const CellRecord& record : records) rows.push_back(row_of(record));
  Tables tables;
  tables.markdown = caption(rows.front().sampling) + summary_table(rows) + kSetBySet +
                    row_table(rows);
  tables.files = {
      {"chain.md", tables.markdown}, {"chain.csv", csv(rows)}, {"chain.svg", svg(rows)}};
  tables.result = {{"alphas", kAlphas}, {"rows", rows_json(rows)}};
  return tables;
}

}  // namespace patina::evaluate
