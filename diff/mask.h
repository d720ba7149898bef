// Masking: values of Secrets and of other sensitive fields become markers before anything is shown.
//
// A marker is a keyed hash, the same for the same value within a process and meaningless outside it: a change shows as a
// change, two equal values as equal, a value never. Every presentation takes a MaskedDiff, which only a Masker makes.
//
// Masked are: all of core Secrets but their type and metadata; of containers' env, and of ConfigMaps that are read as variables, the
// values whose name sounds secret (MaskOptions::env_names); texts in fields named like MaskOptions::keys; the fields of
// MaskOptions::fields; copies of an object in its last-applied annotation. And within any text: the value of an argument
// whose name sounds secret (--db-password=...), the password of an address (scheme://user:password@host), private keys in PEM.
// The marker of a Secret's value is that of its bytes: the same in `data` and in `stringData`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "diff/credentials.h"
#include "diff/field_pattern.h"
#include "diff/object_diff.h"

namespace plumb {

struct MaskOptions {
  // Key of the markers. Empty: random bytes that all of a process share, so that a refusal and the diff beside it show one value alike. A
  // fixed one makes markers comparable between runs, and guessable by those who know it.
  std::string salt = {};
  // Globs over names of environment variables, upper and lower case alike.
  std::vector<std::string> env_names = {"*PASSWORD*", "*PASSWD*", "*SECRET*", "*TOKEN*", "*API_KEY*", "*APIKEY*", "*PRIVATE_KEY*", "*CREDENTIAL*"};
  // Names of fields, without regard to case, whose text is a secret wherever it stands.
  std::vector<std::string> keys = {"password", "passwd", "passphrase", "apiKey", "api_key", "secretKey", "secretAccessKey", "clientSecret",
                                   "client_secret", "privateKey", "private_key", "authToken", "accessToken", "bearerToken", "sharedSecret"};
  size_t marker_digits = 8;  // hexadecimal; more where equal markers must mean equal values (snapshots)
  std::vector<FieldPattern> fields = {};  // patterns as in ignore rules: spec.auth.password, `spec.users[*].hash`
};

// An ObjectDiff in which every sensitive value is a marker, its documents included.
class MaskedDiff {
 public:
  const ObjectDiff& diff() const { return diff_; }
  const ObjectDiff* operator->() const { return &diff_; }

 private:
  friend class Masker;
  explicit MaskedDiff(ObjectDiff diff) : diff_(std::move(diff)) {}
  ObjectDiff diff_;
};

// Thread-safe: immutable.
class Masker {
 public:
  explicit Masker(MaskOptions options = {});

  MaskedDiff Mask(const ObjectDiff& diff) const;
  std::vector<MaskedDiff> Mask(std::span<const ObjectDiff> diffs) const;

  // The object with its sensitive values masked; the same document where it has none. Masking twice masks the markers.
  Document MaskObject(const Document& object) const;

  // A text about these objects that others wrote, such as a server's refusal, which may quote their values: each of their sensitive
  // values of more than three bytes is masked in it, as it is, in base64 and escaped as in JSON, and what else looks like a credential.
  std::string MaskText(std::string_view text, std::initializer_list<Document> objects) const;

  // "(masked 5f2c9a01)": what a value is shown as.
  std::string Marker(Value value) const;

 private:
  MaskOptions options_;
  CredentialNames names_;
};

}  // namespace plumb
