// SPDX-License-Identifier: Apache-2.0
// The one exception type of the project. An error is one sentence in three parts: where (file,
// flag, URL, tensor), what (value and limit), what to do. Its kind fixes the exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace patina::core {

/// What the caller can do about an error; closed on purpose.
enum class ErrorKind {
  kUsage,        ///< The command line is wrong: change it.
  kInput,        ///< A file or value is wrong: change it.
  kUnsupported,  ///< Understood, but not something this build handles.
  kNetwork,      ///< The other end failed: try later.
  kDisk,         ///< Reading or writing failed: free space, mend permissions.
  kResource,     ///< Memory, time or device ran out.
  kMismatch,     ///< A bundle does not verify.
  kCancelled,    ///< The user interrupted the work.
  kInternal,     ///< A bug in Patina.
};

class Error : public std::runtime_error {
 public:
  /// `what` reads "<where>: <what>; <todo>." (`todo` may be empty).
  Error(ErrorKind kind, std::string where, std::string what, std::string todo = {});

  ErrorKind kind() const { return kind_; }
  const std::string& where() const { return where_; }
  const std::string& problem() const { return problem_; }
  const std::string& todo() const { return todo_; }

 private:
  ErrorKind kind_;
  std::string where_;
  std::string problem_;
  std::string todo_;
};

/// Exit code of the command line for an error of this kind: 2 usage, input or unsupported; 3
/// network, disk or resource; 4 mismatch; 130 cancelled; 70 internal.
int exit_code(ErrorKind kind);

/// Name of a kind as printed in JSON: "usage", "input", ...
const char* to_string(ErrorKind kind);

/// Foreign text made fit for a message: in double quotes, cut after 80 bytes, with escapes for what
/// must not be printed as it is (core/text.h, printable).
std::string in_quotes(std::string_view foreign);

}  // namespace patina::core
