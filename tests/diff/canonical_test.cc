// Which spellings of a scalar are one value.
#include "diff/canonical.h"

#include "tests/diff/json.h"

namespace plumb {
namespace {

using testing::Json;

TEST(Canonical, Equivalence) {
  const struct { Format format; const char *a, *b; bool want; } cases[] = {
      {Format::kQuantity, R"("1000m")", R"("1")", true}, {Format::kQuantity, "1", R"("1")", true}, {Format::kQuantity, "0.5", R"("500m")", true},
      {Format::kQuantity, R"("1")", R"("2")", false}, {Format::kQuantity, R"("x")", R"("y")", false}, {Format::kQuantity, R"("x")", R"("x")", true},
      {Format::kQuantity, "null", R"("0")", false}, {Format::kNone, R"("1000m")", R"("1")", false},
      {Format::kIntOrString, "80", R"("80")", false}, {Format::kIntOrString, "80", "80.0", true}, {Format::kNone, "1", "1.0", true},
      {Format::kNone, "true", R"("true")", false}, {Format::kNone, "1", "true", false},
      {Format::kTime, R"("2026-01-02T03:04:05Z")", R"("2026-01-02T04:04:05+01:00")", true},
      {Format::kTime, R"("2026-01-02T03:04:05.9Z")", R"("2026-01-02T03:04:05Z")", true},
      {Format::kTime, R"("2026-01-02T03:04:06Z")", R"("2026-01-02T03:04:05Z")", false},
      {Format::kMicroTime, R"("2026-01-02T03:04:05.9Z")", R"("2026-01-02T03:04:05.900000Z")", true},
      {Format::kMicroTime, R"("2026-01-02T03:04:05.9Z")", R"("2026-01-02T03:04:05Z")", false},
      {Format::kDuration, R"("60s")", R"("1m0s")", true}, {Format::kDuration, R"("1h")", R"("60m")", true}, {Format::kDuration, R"("1s")", R"("1m")", false},
      {Format::kByte, R"("aGVsbG8=")", R"("aGVs\nbG8=")", true}, {Format::kByte, R"("aGVsbG8=")", R"("aGVsbG9=")", true},
      {Format::kByte, R"("aGVsbG8=")", R"("d29ybGQ=")", false}, {Format::kByte, R"("!")", R"("?")", false},
  };
  for (const auto& c : cases) {
    const Document a = Json(c.a), b = Json(c.b);
    EXPECT_EQ(EquivalentScalar(*a, *b, c.format), c.want) << c.a << " " << c.b;
    EXPECT_EQ(EquivalentScalar(*b, *a, c.format), c.want) << c.b << " " << c.a;
  }
}

TEST(Canonical, TheServersSpelling) {
  const struct { Format format; const char *text, *want; } cases[] = {
      {Format::kQuantity, R"("1000m")", "1"}, {Format::kQuantity, "1", "1"}, {Format::kQuantity, "0.5", "500m"}, {Format::kQuantity, R"("1Gi")", nullptr},
      {Format::kTime, R"("2026-01-02T04:04:05.5+01:00")", "2026-01-02T03:04:05Z"}, {Format::kMicroTime, R"("2026-01-02T03:04:05Z")", "2026-01-02T03:04:05.000000Z"},
      {Format::kByte, R"("aGVs\nbG8=")", "aGVsbG8="}, {Format::kByte, R"("!")", nullptr}, {Format::kIntOrString, "80", nullptr}, {Format::kNone, R"("x")", nullptr},
  };
  for (const auto& c : cases) {
    const Document v = Json(c.text);
    EXPECT_EQ(CanonicalScalar(*v, c.format).value_or("(as it is)"), c.want ? c.want : "(as it is)") << c.text;
  }
}

TEST(Canonical, Addresses) {
  const struct { const char *text, *want; } cases[] = {
      {"10.0.0.1", "10.0.0.1"}, {"2001:DB8:0:0::1", "2001:db8::1"}, {"::", "::"}, {"0:0:0:0:0:0:0:0/0", "::/0"}, {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.0.0", nullptr}, {"10.0.0.1/a", nullptr}, {"web", nullptr}, {"", nullptr}, {"10.0.0.1/1234", nullptr},
  };
  for (const auto& c : cases) EXPECT_EQ(CanonicalIp(c.text).value_or("(none)"), c.want ? c.want : "(none)") << c.text;
}

}  // namespace
}  // namespace plumb
