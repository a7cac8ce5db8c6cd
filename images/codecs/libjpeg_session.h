// SPDX-License-Identifier: Apache-2.0
// libjpeg with errors that return instead of ending the process and warnings that are counted
// instead of printed.
#pragma once

#include <csetjmp>
#include <cstdio>
#include <jpeglib.h>
#include <string>

namespace patina::images {

struct JPEGErrors {
  jpeg_error_mgr manager{};  ///< First member: libjpeg hands back its address.
  std::jmp_buf escape{};
  bool data_missing = false;  ///< Compressed data ended before the picture did.
};

/// Installs the handlers and gives what belongs into jpeg_{de,}compress_struct::err.
jpeg_error_mgr* install(JPEGErrors& errors);

/// libjpeg's sentence about the last error.
std::string message_of(j_common_ptr codec);

/// Runs `step`, false if libjpeg gave up in it. The step is left by longjmp: it must not own
/// anything.
template <typename Step>
bool run_guarded(JPEGErrors& errors, const Step& step) {
  if (setjmp(errors.escape) != 0) return false;
  step();
  return true;
}

}  // namespace patina::images
