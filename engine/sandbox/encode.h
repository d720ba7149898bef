// Objects as response bodies: plain, as rows of a Table, or as their metadata only, whichever the client's Accept header
// asks for first.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/clock.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

enum class Form { kObject, kTable, kMetadata };

// Of "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" the first that can be served.
Form FormOf(std::string_view accept);

struct Encoding {
  const Resource* resource = nullptr;
  Form form = Form::kObject;
  std::string include_object = "Metadata";  // of table rows: None, Metadata, Object
  WallTime now = {};
};

std::string EncodeObject(const Encoding& encoding, const Document& object);
// `next`: the continue token, "" for the last page.
std::string EncodeList(const Encoding& encoding, const ListPage& page, std::string_view next);
// The object of a watch event; `columns`: a table says its columns (in the first event only).
std::string EncodeEventObject(const Encoding& encoding, const Document& object, bool columns);

}  // namespace plumb::sandbox
