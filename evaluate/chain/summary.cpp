// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/summary.h"

#include <algorithm>

namespace patina::evaluate {

namespace {

bool belong_together(const ChainRow& first, const ChainRow& second) {
  return first.method == second.method && first.coating == second.coating &&
         first.share_percent == second.share_percent;
}

std::vector<std::vector<ChainRow>> grouped(const std::vector<ChainRow>& rows) {
  std::vector<std::vector<ChainRow>> groups;
  for (const ChainRow& row : rows) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&row](const auto& group) {
      return belong_together(group.front(), row);
    });
    if (found == groups.end()) {
      groups.push_back({row});
    } else {
      found->push_back(row);
    }
  }
  return groups;
}

ChainSummary summarise_group(const std::vector<ChainRow>& rows) {
  std::vector<Rates> found, accused;
  ChainSummary summary;
  for (const ChainRow& row : rows) {
    found.push_back(row.true_positive);
    const std::vector<Rates> kinds = innocent_rates(row);
    accused.insert(accused.end(), kinds.begin(), kinds.end());
    summary.psnr_db += row.psnr_db / static_cast<double>(rows.size());
    summary.delta_e_mean += row.delta_e_mean / static_cast<double>(rows.size());
  }
  summary.method = rows.front().method;
  summary.coating = rows.front().coating;
  summary.share_percent = rows.front().share_percent;
  summary.sets = static_cast<int>(rows.size());
  summary.true_positive = mean_of(found);
  summary.false_positive = mean_of(accused);
  summary.worst = largest_of(accused);
  return summary;
}

}  // namespace

std::vector<Rates> innocent_rates(const ChainRow& row) {
  std::vector<Rates> all;
  for (const Rates& rates :
       {row.false_uncoated, row.false_other, row.false_owners, row.false_base}) {
    if (!rates.empty()) all.push_back(rates);
  }
  return all;
}

std::vector<ChainSummary> summarise(const std::vector<ChainRow>& rows) {
  std::vector<ChainSummary> summaries;
  for (const std::vector<ChainRow>& group : grouped(rows)) {
    summaries.push_back(summarise_group(group));
  }
  return summaries;
}

}  // namespace patina::evaluate
