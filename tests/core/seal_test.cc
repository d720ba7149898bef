// Sealed bytes open under their key alone, and only whole.
#include "core/seal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace plumb {
namespace {

const std::string kKey(32, 'k');

TEST(Seal, OpensUnderItsKeyAlone) {
  for (const std::string& plain : {std::string(), std::string("hunter2"), std::string(100'000, 'x')}) {
    const std::string sealed = Seal(kKey, plain);
    EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
    EXPECT_NE(Seal(kKey, plain), sealed) << "the same bytes do not look the same";
    auto opened = Unseal(kKey, sealed);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(*opened, plain);
    EXPECT_FALSE(Unseal(std::string(32, 'x'), sealed).ok());
  }
}

TEST(Seal, AChangedByteIsFound) {
  const std::string sealed = Seal(kKey, "hunter2");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(Unseal(kKey, changed).ok()) << i;
    EXPECT_FALSE(Unseal(kKey, sealed.substr(0, i)).ok()) << i;
  }
}

TEST(Seal, KeyFileIsNotForEverybodyAndNotShort) {
  namespace fs = std::filesystem;
  const fs::path file = fs::temp_directory_path() / ("seal-test-" + std::to_string(getpid()));
  EXPECT_EQ(LoadSealingKey(file.string()).error().code(), Code::kNotFound);
  std::ofstream(file) << std::string(32, 'a');
  fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
  EXPECT_FALSE(LoadSealingKey(file.string()).ok());
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  auto key = LoadSealingKey(file.string());
  ASSERT_TRUE(key.ok()) << key.error().message();
  EXPECT_EQ(key->size(), 32u);
  std::ofstream(file) << "short";
  EXPECT_FALSE(LoadSealingKey(file.string()).ok());
  fs::remove(file);
}

}  // namespace
}  // namespace plumb
