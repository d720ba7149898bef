// Request bodies in Kubernetes' protobuf, as JSON trees: typed clients, and kubectl's imperative commands among them, send
// nothing else since 1.32 and do not fall back. Answers may be JSON all the same.
//
// The wire is decoded here and not by libprotobuf, which would weigh more in the program than all that is sent with it. The
// numbers and names of fields are data (tables/protobuf.txt, scripts/gen-protobuf.py); unknown fields are skipped.
// Pure function. Source: protobuf.dev, encoding; runtime/serializer/protobuf of apimachinery 1.36 ("k8s\0", runtime.Unknown).
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/result.h"

namespace plumb::sandbox {

inline constexpr std::string_view kProtobufMediaType = "application/vnd.kubernetes.protobuf";

// Errors: kInvalid (no such message, a kind that is not known, bytes that end too early, deeper than 100 messages).
Result<Document> DecodeProtobuf(std::string_view body);

}  // namespace plumb::sandbox
