// SPDX-License-Identifier: Apache-2.0
#include "evaluate/chain/row.h"

#include <cmath>

#include "core/error.h"
#include "core/json.h"

namespace patina::evaluate {

using nlohmann::json;

namespace {

double read_number(const json& result, const char* name) {
  const json& value = result.at(name);
  return value.is_null() ? std::nan("") : value.get<double>();
}

Rates read_rates(const json& result, const char* name) {
  Rates rates = result.at(name).get<Rates>();
  if (!rates.empty() && rates.size() != std::size(kAlphas)) {
    throw core::Error(core::ErrorKind::kInput,
                      std::string("result.") + name,
                      "does not hold a rate for each level");
  }
  return rates;
}

ChainRow read_parameters(const json& parameters) {
  ChainRow row;
  row.set = parameters.at("set").get<std::string>();
  row.method = parameters.at("method").get<std::string>();
  row.coating = parameters.at("coating").get<std::string>();
  row.share_percent = parameters.at("share_percent").get<int>();
  row.sampling.images = parameters.at("count").get<int>();
  row.sampling.suspect_images = parameters.at("suspect_images").get<int>();
  row.sampling.draws = parameters.at("repeats").get<std::int64_t>();
  row.other_models = static_cast<int>(parameters.at("other_sets").size());
  row.owner_models = static_cast<int>(parameters.at("other_owners").size());
  return row;
}

ChainRow with_result(ChainRow row, const json& result) {
  row.true_positive = read_rates(result, "true_positive");
  row.false_uncoated = read_rates(result, "false_uncoated");
  row.false_other = read_rates(result, "false_other_set");
  row.false_owners = read_rates(result, "false_other_owners");
  row.false_base = read_rates(result, "false_base");
  row.psnr_db = read_number(result, "psnr_db");
  row.ssim = read_number(result, "ssim");
  row.delta_e_mean = read_number(result, "delta_e_mean");
  row.frechet = read_number(result, "frechet");
  row.frechet_reseeded = read_number(result, "frechet_reseeded");
  row.loss_coated = read_number(result, "loss_coated");
  row.loss_uncoated = read_number(result, "loss_uncoated");
  row.auc = read_number(result, "auc");
  return row;
}

}  // namespace

json result_of(const ChainRow& row) {
  return {{"true_positive", row.true_positive},
          {"false_uncoated", row.false_uncoated},
          {"false_other_set", row.false_other},
          {"false_other_owners", row.false_owners},
          {"false_base", row.false_base},
          {"auc", core::number_or_null(row.auc)},
          {"psnr_db", core::number_or_null(row.psnr_db)},
          {"ssim", core::number_or_null(row.ssim)},
          {"delta_e_mean", core::number_or_null(row.delta_e_mean)},
          {"frechet", core::number_or_null(row.frechet)},
          {"frechet_reseeded", core::number_or_null(row.frechet_reseeded)},
          {"loss_coated", core::number_or_null(row.loss_coated)},
          {"loss_uncoated", core::number_or_null(row.loss_uncoated)}};
}

ChainRow row_of(const CellRecord& record) {
  try {
    return with_result(read_parameters(record.parameters), record.outcome.result);
  } catch (const json::exception& error) {
    throw core::Error(core::ErrorKind::kInput,
                      "a cell of the chain",
                      std::string("lacks what a row needs (") + error.what() + ")",
                      "remove its file from the folder's cells/ and run again");
  }
}

}  // namespace patina::evaluate
