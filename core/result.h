// Errors as values: a Code that says what the caller can do, a message that gathers context on its way up,
// and Result<T>, which holds a T or an Error.
//
// Plain values; each is as thread-safe as a std::string.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace plumb {

// What can the caller do about it? Retry policy, HTTP status and exit code come from here, never from text.
enum class Code {
  kInvalid,      // the input is wrong; retrying cannot help
  kNotFound,     // the named thing does not exist (any more)
  kConflict,     // someone else changed or owns it; read again, then retry or force
  kDenied,       // authentication or authorization failed
  kUnavailable,  // the other side is down, slow or throttling; retry with backoff
  kLimit,        // a bound was hit; the message names the bound and its option
  kCancelled,    // this process is shutting down, or the caller gave up
  kInternal,     // a bug here
};

// "invalid", "not found", ... for messages and JSON output.
std::string_view CodeName(Code code);

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " in front. Layers add what only they know: file, object, application.
  Error Wrap(std::string_view context) const&;
  Error Wrap(std::string_view context) &&;

 private:
  Code code_;
  std::string message_;
};

inline Error Invalid(std::string message) { return {Code::kInvalid, std::move(message)}; }
inline Error NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
inline Error Conflict(std::string message) { return {Code::kConflict, std::move(message)}; }
inline Error Denied(std::string message) { return {Code::kDenied, std::move(message)}; }
inline Error Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
inline Error LimitExceeded(std::string message) { return {Code::kLimit, std::move(message)}; }
inline Error Cancelled(std::string message) { return {Code::kCancelled, std::move(message)}; }
inline Error Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

// A T or an Error. Reading the value of a failed Result is a bug and aborts (std::get).
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}       // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success or an Error: `return Ok();` or `return Invalid("...")`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status Ok() { return {}; }

namespace internal {
inline Error WithContext(Error&& error) { return std::move(error); }
inline Error WithContext(Error&& error, std::string_view context) { return std::move(error).Wrap(context); }
}  // namespace internal

}  // namespace plumb

#define PLUMB_CONCAT_INNER(a, b) a##b
#define PLUMB_CONCAT(a, b) PLUMB_CONCAT_INNER(a, b)

// PLUMB_TRY(var, expr[, context]): var takes the value of expr, or the error (with context) is returned.
#define PLUMB_TRY(var, expr, ...)                                                                            \
  auto PLUMB_CONCAT(result_, __LINE__) = (expr);                                                             \
  if (!PLUMB_CONCAT(result_, __LINE__).ok())                                                                 \
    return ::plumb::internal::WithContext(std::move(PLUMB_CONCAT(result_, __LINE__)).error() __VA_OPT__(, ) \
                                              __VA_ARGS__);                                                  \
  auto&& var = *std::move(PLUMB_CONCAT(result_, __LINE__))

// PLUMB_OK(expr[, context]): returns the error of expr (with context) if it failed. For Status and Result<T>.
#define PLUMB_OK(expr, ...)                                                                                    \
  do {                                                                                                         \
    if (auto plumb_ok_result = (expr); !plumb_ok_result.ok())                                                  \
      return ::plumb::internal::WithContext(std::move(plumb_ok_result).error() __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
