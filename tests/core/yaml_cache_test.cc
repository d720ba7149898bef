// Texts that were parsed before: the same trees, bounded, from many threads.
#include "core/yaml_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/arena.h"

namespace plumb {
namespace {

std::string Map(int i, size_t size = 10) { return "a: " + std::string(size, 'x') + std::to_string(i) + "\n"; }

TEST(YamlCache, TheSameTextIsParsedOnce) {
  YamlCache cache;
  const auto first = cache.Parse("a: yes\n---\nb: 1\n"), second = cache.Parse("a: yes\n---\nb: 1\n");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ((*first)->size(), 2u);
  EXPECT_EQ(cache.hits(), 1u);
}

TEST(YamlCache, AnotherDialectIsAnotherTree) {
  YamlCache cache;
  const auto kubernetes = cache.Parse("a: yes\n"), kyaml = cache.Parse("a: yes\n", {.dialect = YamlDialect::kKyaml});
  ASSERT_TRUE(kubernetes.ok() && kyaml.ok());
  EXPECT_TRUE((**kubernetes)[0].value->Get("a").is_bool());
  EXPECT_TRUE((**kyaml)[0].value->Get("a").is_string());
  EXPECT_FALSE(cache.Parse("a: 1\na: 2\n", {.refuse_duplicate_keys = true}).ok());
  EXPECT_TRUE(cache.Parse("a: 1\na: 2\n").ok());
  EXPECT_FALSE(cache.Parse("a: 1\na: 2\n", {.refuse_duplicate_keys = true}).ok()) << "errors are told again";
  EXPECT_FALSE(cache.Parse("a: 1\na: 2\n", {.bytes = 3}).ok()) << "bounds are a part of how it is read";
}

TEST(YamlCache, KeepsWhatIsUsedWithinItsBound) {
  YamlCache cache(100'000);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(cache.Parse(Map(i)).ok());
    ASSERT_TRUE(cache.Parse(Map(0)).ok());
    ASSERT_LE(cache.bytes(), 100'000u);
  }
  EXPECT_EQ(cache.hits(), 1000u) << "the one that is used again and again stays";
  EXPECT_GT(cache.bytes(), 80'000u);
  ASSERT_TRUE(cache.Parse(Map(1, 50'000)).ok());
  ASSERT_TRUE(cache.Parse(Map(1, 50'000)).ok());
  EXPECT_EQ(cache.hits(), 1000u) << "one large text does not push out all others";
}

TEST(YamlCache, WhatIsNotUsedAnyMoreGoesWithTheNextText) {
  FakeClock clock;
  YamlCache cache(1u << 20, std::chrono::minutes(2), clock);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(cache.Parse(Map(i)).ok());
  clock.Advance(std::chrono::minutes(1));
  ASSERT_TRUE(cache.Parse(Map(0)).ok());
  clock.Advance(std::chrono::minutes(1) + std::chrono::seconds(1));
  const size_t before = cache.bytes();
  ASSERT_TRUE(cache.Parse(Map(100)).ok());
  EXPECT_LT(cache.bytes(), before / 20) << "two are left";
  ASSERT_TRUE(cache.Parse(Map(0)).ok());
  EXPECT_EQ(cache.hits(), 2u) << "the one that was used in between is one of them";
}

TEST(YamlCache, ManyThreads) {
  YamlCache cache(50'000);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&cache] {
      for (int i = 0; i < 2000; ++i) {
        const auto parsed = cache.Parse(Map(i % 97));
        ASSERT_TRUE(parsed.ok());
        ASSERT_EQ((**parsed)[0].value->Get("a").AsString(), std::string(10, 'x') + std::to_string(i % 97));
      }
    });
  threads.clear();
  EXPECT_LE(cache.bytes(), 50'000u);
  EXPECT_GT(cache.hits(), 0u);
}

}  // namespace
}  // namespace plumb
