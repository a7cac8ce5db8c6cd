// SPDX-License-Identifier: Apache-2.0
// Names of the values of an enum, held in one table of rows that begin with `value` and `name`:
//   constexpr core::Named<Colour> kColours[] = {{Colour::kRed, "red"}, {Colour::kBlue, "blue"}};
// A row may hold more than that.
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace patina::core {

template <typename Value>
struct Named {
  Value value;
  const char* name;
};

/// Throws Error{kInternal}: a value has no row.
[[noreturn]] void fail_without_row();
/// Throws Error{kUsage} naming `where` and the names to choose from.
[[noreturn]] void refuse_name(std::string_view name,
                              const std::string& where,
                              const std::vector<std::string>& known);

/// The row of a value, which must have one.
template <typename Table, typename Value>
const auto& row_of(const Table& table, Value value) {
  for (const auto& row : table) {
    if (row.value == value) return row;
  }
  fail_without_row();
}

template <typename Table, typename Value>
const char* name_of(const Table& table, Value value) {
  return row_of(table, value).name;
}

template <typename Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.emplace_back(row.name);
  return names;
}

/// The value of a name; nothing where no row has it.
template <typename Table>
auto find_value(const Table& table, std::string_view name) {
  using Value = std::decay_t<decltype(std::begin(table)->value)>;
  for (const auto& row : table) {
    if (name == row.name) return std::optional<Value>(row.value);
  }
  return std::optional<Value>();
}

/// The value of a name. Throws Error{kUsage} naming `where` (a flag) and listing the names.
template <typename Table>
auto value_of(const Table& table, std::string_view name, const std::string& where) {
  if (const auto value = find_value(table, name)) return *value;
  refuse_name(name, where, names_of(table));
}

}  // namespace patina::core
