#include "engine/plan/gzip.h"

#include <algorithm>
#include <memory>

#include <fmt/core.h>
#include <zlib.h>

namespace plumb {
namespace {

constexpr int kGzip = 15 + 16;  // windowBits: the largest window, with a gzip header
struct DeflateEnd { void operator()(z_stream* s) const { deflateEnd(s); } };
struct InflateEnd { void operator()(z_stream* s) const { inflateEnd(s); } };

void SetInput(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  const std::unique_ptr<z_stream, DeflateEnd> end(&stream);
  SetInput(stream, bytes);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  return out;
}

Result<std::string> Gunzip(std::string_view bytes, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return Internal("gzip: out of memory");
  const std::unique_ptr<z_stream, InflateEnd> end(&stream);
  SetInput(stream, bytes);
  std::string out;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    const size_t have = out.size();
    if (have > limit) return LimitExceeded(fmt::format("gzip: unpacks to more than {} bytes", limit));
    out.resize(have + std::clamp<size_t>(have, 16 << 10, 1 << 20));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(out.size() - have);
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (state != Z_OK && state != Z_STREAM_END) return Invalid("gzip: the data is damaged or cut short");
  }
  if (out.size() > limit) return LimitExceeded(fmt::format("gzip: unpacks to more than {} bytes", limit));
  return out;
}

}  // namespace plumb
