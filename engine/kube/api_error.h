// What an API server says when it refuses (metav1.Status), and what that means for the caller. Pure.
//
// Source: k8s.io/apimachinery pkg/apis/meta/v1 (StatusReason, StatusCause) and api/errors.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/value.h"
#include "core/result.h"
#include "engine/http/message.h"

namespace plumb::kube {

struct ApiCause {
  std::string reason;   // "FieldManagerConflict", "FieldValueInvalid", ...
  std::string message;  // 'conflict with "kubectl" using apps/v1'
  std::string field;    // ".spec.replicas"
};

struct ApiStatus {
  int http = 0;  // 0: no server answered
  std::string reason, message;
  std::vector<ApiCause> causes;
  Duration retry_after{};  // as asked by the server; 0 where it did not
  std::string content_type, location;  // for messages about answers that are no Status

  bool ok() const { return http >= 200 && http < 300; }
  // The resourceVersion or continue token is too old: list again from the start.
  bool Expired() const { return http == 410 || reason == "Expired" || reason == "Gone"; }
  bool AlreadyExists() const { return http == 409 && reason == "AlreadyExists"; }
  // Server-side apply found fields owned by others; `causes` names each with its manager.
  bool ApplyConflict() const;
};

// Reads status, Retry-After and, of a refusal, the Status in the body (where it is one; else its first words).
ApiStatus ReadApiStatus(const http::Response& response);
// The Status in a watch's ERROR event.
ApiStatus ReadApiStatus(Value status);

// The error a refusal is for the caller: 400 422 invalid, 401 403 denied, 404 not found, 409 410 conflict, 408 429 5xx
// unavailable. A namespace that is being deleted is a conflict although the server says 403;
// an applied object that does not fit its schema is invalid although it says 500. The message lists causes.
Error ToError(const ApiStatus& status);

// The texts of the Warning headers (RFC 7234, code 299), in order.
std::vector<std::string> ReadWarnings(const http::Headers& headers);

}  // namespace plumb::kube
