// SPDX-License-Identifier: Apache-2.0
// How Boost.Math reports trouble here: it returns the limiting value (0, infinity, NaN) instead of
// throwing, so that an underflowing p-value is a number and not a crash.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace patina::stats::internal {

using BoostPolicy = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
    boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::indeterminate_result_error<boost::math::policies::ignore_error>>;

}  // namespace patina::stats::internal
