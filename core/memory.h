// SPDX-License-Identifier: Apache-2.0
// How the process deals with memory it has freed. For programs to call, not libraries.
#pragma once

namespace patina::core {

/// Keeps freed memory for the next allocation in place of returning it to the system, up to 2 GiB.
/// Networks allocate and free large blocks at every layer; having the system hand out and clear
/// each of them anew can take most of their time. Call it before the first thread starts. Does
/// nothing on a C library other than glibc.
void keep_freed_memory();

}  // namespace patina::core
