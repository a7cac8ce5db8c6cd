// SPDX-License-Identifier: Apache-2.0
// Properties of an XMP packet [XMP Part 1, Sec. 7]: attributes and elements of its RDF, by name.
#pragma once

#include <functional>
#include <string>

#include "core/byte_reader.h"

namespace patina::images {

/// A property by its namespace, "http://ns.adobe.com/photoshop/1.0/", and name in it, "City".
using PropertyTest = std::function<bool(const std::string& space, const std::string& name)>;

/// True if the packet can be read and holds such a property.
bool has_property(const core::Bytes& xmp, const PropertyTest& is_meant);

/// Takes out the properties that are meant, at any depth, with all that they hold. A packet that
/// cannot be read is emptied: what it says is not known. True if something was taken out.
bool remove_properties(core::Bytes& xmp, const PropertyTest& is_meant);

}  // namespace patina::images
