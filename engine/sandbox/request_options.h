// What a request says beside its path: its body in any of the accepted formats, and the query parameters of the verbs.
//
// Pure functions. Errors are those that the API server gives.
#pragma once

#include <optional>
#include <string_view>

#include "engine/http/message.h"
#include "engine/sandbox/cluster.h"

namespace plumb::sandbox {

// JSON, YAML or protobuf. Errors: 415 (another format), 400.
Answer<Document> ReadBody(const http::Request& request, std::string_view kind);
Answer<PatchType> PatchTypeOf(const http::Request& request);

// dryRun, fieldManager, fieldValidation, force. `verb`: Create, Update or Patch, for messages.
Answer<WriteOptions> ReadWriteOptions(const http::Request& request, const http::Target& target, std::string_view verb);
// Query and body of a DELETE.
Answer<DeleteOptions> ReadDeleteOptions(const http::Request& request, const http::Target& target);
// labelSelector, fieldSelector, limit, continue; `head`: the current revision, for expired tokens.
Answer<ListOptions> ReadListOptions(const http::Target& target, const Resource& resource, std::string_view ns);

// The token with which the page after `page` is asked for; "" where that is the last.
std::string ContinueToken(const ListPage& page);
// The revision at which a token's first page was listed; 0 without a token.
uint64_t TokenRevision(const http::Target& target);

bool IsTrue(std::string_view parameter);  // "true", "1", ...

}  // namespace plumb::sandbox
