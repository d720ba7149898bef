// What the API answers when it does not do what was asked: a code, a reason and the details of a Status body.
//
// Plain values. Shapes and texts as kube-apiserver 1.36 writes them (apimachinery api/errors).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumb::sandbox {

struct Resource;

struct Cause {
  std::string reason, message, field;
};

struct ApiError {
  int code = 500;
  std::string reason = {}, message = {};
  std::string group = {}, kind = {}, name = {}, uid = {};  // details; kind is the plural resource, or the Kind for invalid objects
  std::vector<Cause> causes = {};
  int retry_after_seconds = 0;
  bool details = false;  // an empty details map is written
};

ApiError BadRequest(std::string message);
ApiError PathNotFound();
ApiError MethodNotAllowed();
ApiError UnsupportedMediaType(std::string message);
ApiError InternalError(std::string message);
ApiError NotFoundError(const Resource& resource, std::string_view name);
ApiError AlreadyExists(const Resource& resource, std::string_view name);
ApiError ConflictError(const Resource& resource, std::string_view name, std::string_view why);
ApiError Forbidden(const Resource& resource, std::string_view name, std::string_view why);
ApiError Expired(std::string message);
// 422 with its causes: "ConfigMap "x" is invalid: metadata.name: Invalid value: ...".
ApiError InvalidObject(std::string_view group, std::string_view kind, std::string_view name, std::vector<Cause> causes);

// The causes of validation: FieldValueInvalid, FieldValueRequired, ...
Cause InvalidValue(std::string field, std::string_view json_value, std::string_view why);
Cause RequiredValue(std::string field, std::string_view why);
Cause ForbiddenField(std::string field, std::string_view why);

// A v1 Status of failure as JSON.
std::string StatusBody(const ApiError& error);

// A T or an ApiError.
template <typename T>
class [[nodiscard]] Answer {
 public:
  Answer(T value) : value_(std::move(value)) {}          // NOLINT: implicit by design
  Answer(ApiError error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const ApiError& error() const { return error_; }

 private:
  std::optional<T> value_;
  ApiError error_;
};

// PLUMB_ANSWER(var, expr): var takes the value of expr, or the ApiError is returned.
#define PLUMB_ANSWER(var, expr)                              \
  auto var##_answer = (expr);                                \
  if (!var##_answer.ok()) return var##_answer.error();       \
  auto&& var = *var##_answer

}  // namespace plumb::sandbox
