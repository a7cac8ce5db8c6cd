// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, the same in verdict, report, table and message. Independent of the
// locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace patina::core {

/// `significant` digits, e.g. "12.35"; powers of ten beyond [1e-4, 1e7) as "1.2 × 10⁻⁷"; "n/a" if
/// not finite.
std::string number_text(double value, int significant = 4);

/// "1.2 × 10⁻⁷" with two digits; "10⁻⁶" for an exact power of ten.
std::string scientific_text(double value);

/// "0.034", below 1e-3 "3.2 × 10⁻¹²"; below 1e-300 the value comes from `log10_p`, which is added, or
/// is "below 10⁻³⁰⁰" where that is not known.
std::string p_value_text(double p, double log10_p = -std::numeric_limits<double>::infinity());

/// "97.3 %"; "n/a" if not finite.
std::string percent_text(double fraction);

/// Confidence level of an interval without needless zeros: "95 %", "99.9 %".
std::string level_text(double confidence);

/// Fixed decimals: "3.14"; "-" for NaN, "inf" and "-inf".
std::string fixed_text(double value, int decimals);

/// At most `significant` digits without needless zeros, for programs: "7.5", "1e-06".
std::string general_text(double value, int significant = 6);

/// Shortest decimal text that reads back as the same double; whole numbers below 1e15 without an
/// exponent: "100000".
std::string exact_text(double value);

/// 17 significant digits, which read back as the same double everywhere.
std::string seventeen_digits_text(double value);

/// "1,024".
std::string count_text(std::int64_t count);

/// "000042" of `digits` digits; longer numbers stay whole.
std::string zero_padded_text(std::uint64_t number, std::size_t digits);

/// "1 suspect image", "1,024 suspect images".
std::string counted_text(std::int64_t count, const std::string& singular);

}  // namespace patina::core
