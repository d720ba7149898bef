#include "core/seal.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "core/hash.h"

namespace plumb {

namespace {

constexpr size_t kNonce = 12, kTag = 16, kLeastKey = 16;

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text, size_t at = 0) { return reinterpret_cast<unsigned char*>(text.data()) + at; }

// Fails only where memory is out or the library is broken: nothing a caller could do.
void Require(bool done) {
  if (!done) std::abort();
}

}  // namespace

Result<std::string> LoadSealingKey(const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return NotFound(fmt::format("key file '{}' is not there", file));
  if ((info.st_mode & S_IRWXO) != 0) return Invalid(fmt::format("key file '{}' can be read by anybody; 'chmod o= {}'", file, file));
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || text.str().size() < kLeastKey) return Invalid(fmt::format("key file '{}' cannot be read or has less than {} bytes; 'head -c 32 /dev/urandom' makes one", file, kLeastKey));
  return Sha256(text.str());
}

std::string Seal(std::string_view key, std::string_view plain) {
  std::string out(kNonce + kTag + plain.size(), '\0');
  Require(RAND_bytes(Bytes(out), kNonce) == 1);
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(out)) == 1);
  Require(EVP_EncryptUpdate(context.get(), Bytes(out, kNonce + kTag), &size, Bytes(plain), static_cast<int>(plain.size())) == 1);
  Require(EVP_EncryptFinal_ex(context.get(), Bytes(out, kNonce + kTag) + size, &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, Bytes(out, kNonce)) == 1);
  return out;
}

Result<std::string> Unseal(std::string_view key, std::string_view sealed) {
  if (sealed.size() < kNonce + kTag) return Invalid("the sealed bytes are damaged");
  std::string tag(sealed.substr(kNonce, kTag)), out(sealed.size() - kNonce - kTag, '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(sealed)) == 1);
  Require(EVP_DecryptUpdate(context.get(), Bytes(out), &size, Bytes(sealed) + kNonce + kTag, static_cast<int>(out.size())) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, Bytes(tag)) == 1);
  if (EVP_DecryptFinal_ex(context.get(), Bytes(out) + size, &size) != 1) return Invalid("the key is another one, or the sealed bytes are damaged");
  return out;
}

}  // namespace plumb
