#include "engine/server/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mac.h"

namespace plumb {
namespace {

using testing::ElementsAre;

constexpr const char* kSecret = "hush";
const std::string kCommit(40, 'a');

http::Request Post(http::Headers headers, std::string body, std::string target = "/webhook") {
  return {.method = "POST", .target = std::move(target), .headers = std::move(headers), .body = std::move(body)};
}

std::string Sha256(const std::string& body) { return "sha256=" + HmacSha256Hex(kSecret, body); }

const std::string kGitHub = R"({"ref": "refs/heads/main", "before": "b", "after": ")" + kCommit +
                            R"(", "repository": {"clone_url": "https://github.example/org/shop.git",
     "ssh_url": "git@github.example:org/shop.git", "html_url": "https://github.example/org/shop"}})";
const std::string kGitLab = R"({"object_kind": "push", "ref": "refs/heads/main", "after": ")" + kCommit +
                            R"(", "project": {"git_http_url": "https://gitlab.example/org/shop.git",
     "git_ssh_url": "git@gitlab.example:org/shop.git", "web_url": "https://gitlab.example/org/shop"}})";
const std::string kBitbucketCloud = R"({"repository": {"links": {"html": {"href": "https://bitbucket.org/org/shop"}}},
   "push": {"changes": [{"new": {"type": "branch", "name": "main", "target": {"hash": ")" +
                                    kCommit + R"("}}}, {"new": null, "old": {"type": "tag", "name": "v1"}}]}})";
const std::string kBitbucketDataCenter =
    R"({"repository": {"links": {"clone": [{"href": "ssh://git@bb.example:7999/org/shop.git"},
   {"href": "https://bb.example/scm/org/shop.git"}]}}, "changes": [{"ref": {"id": "refs/heads/main"}, "toHash": ")" +
    kCommit + R"("}]})";

TEST(Webhook, EveryHostIsUnderstood) {
  const struct {
    std::string provider;
    http::Request request;
    std::string repository;
  } kCases[] = {
      {"github", Post({{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", Sha256(kGitHub)}}, kGitHub),
       "https://github.example/org/shop"},
      {"gitea",
       Post({{"X-Gitea-Event", "push"},
             {"X-GitHub-Event", "push"},
             {"X-Gitea-Signature", HmacSha256Hex(kSecret, kGitHub)}},
            kGitHub),
       "git@github.example:org/shop"},
      {"gogs", Post({{"X-Gogs-Event", "push"}, {"X-Gogs-Signature", HmacSha256Hex(kSecret, kGitHub)}}, kGitHub),
       "https://github.example/org/shop"},
      {"gitlab", Post({{"X-Gitlab-Event", "Push Hook"}, {"X-Gitlab-Token", kSecret}}, kGitLab),
       "ssh://git@gitlab.example/org/shop.git"},
      {"bitbucket", Post({{"X-Event-Key", "repo:push"}, {"X-Hub-Signature", Sha256(kBitbucketCloud)}}, kBitbucketCloud),
       "git@bitbucket.org:org/shop.git"},
      {"bitbucket",
       Post({{"X-Event-Key", "repo:refs_changed"}, {"X-Hub-Signature", Sha256(kBitbucketDataCenter)}},
            kBitbucketDataCenter),
       "https://bb.example/scm/org/shop.git"},
      {"plain",
       Post({{"Authorization", "Bearer hush"}}, "",
            "/webhook?url=https%3A%2F%2Fgit.example%2Fshop&ref=refs/heads/main&after=" + kCommit),
       "https://git.example/shop.git"},
      {"plain",
       Post({{"X-Hub-Signature-256",
              Sha256(R"({"url":"/srv/shop","ref":"refs/heads/main","after":")" + kCommit + "\"}")}},
            R"({"url":"/srv/shop","ref":"refs/heads/main","after":")" + kCommit + "\"}"),
       "file:///srv/shop"},
  };
  for (const auto& c : kCases) {
    auto call = ReadWebhook(c.request, {.secrets = {"older", kSecret}});
    ASSERT_TRUE(call.ok()) << c.provider << ": " << call.error().message();
    EXPECT_EQ(call->provider, c.provider);
    ASSERT_TRUE(call->push) << c.provider;
    EXPECT_TRUE(call->push->Concerns(c.repository)) << c.provider;
    EXPECT_FALSE(call->push->Concerns("https://git.example/other")) << c.provider;
    ASSERT_FALSE(call->push->refs.empty()) << c.provider;
    EXPECT_EQ(call->push->refs[0].ref, "refs/heads/main") << c.provider;
    EXPECT_EQ(call->push->refs[0].after, kCommit) << c.provider;
  }
}

TEST(Webhook, DeletedReferencesHaveNoCommit) {
  auto call = ReadWebhook(Post({{"X-Event-Key", "repo:push"}}, kBitbucketCloud), {.accept_unsigned = true});
  ASSERT_TRUE(call.ok() && call->push);
  ASSERT_EQ(call->push->refs.size(), 2u);
  EXPECT_EQ(call->push->refs[1].ref, "refs/tags/v1");
  EXPECT_EQ(call->push->refs[1].after, "");
  const std::string body =
      R"({"ref":"refs/heads/x","after":"0000000000000000000000000000000000000000","repository":{"clone_url":"https://h/x"}})";
  call = ReadWebhook(Post({{"X-GitHub-Event", "push"}}, body), {.accept_unsigned = true});
  ASSERT_TRUE(call.ok() && call->push);
  EXPECT_EQ(call->push->refs[0].after, "");
}

TEST(Webhook, ForgedCallsAreRefused) {
  const struct {
    http::Request request;
    std::string want;
  } kCases[] = {
      {Post({{"X-GitHub-Event", "push"}}, kGitHub),
       "webhook: header 'X-Hub-Signature-256' is missing; set the hook's secret"},
      {Post({{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", Sha256(kGitHub + " ")}}, kGitHub),
       "webhook: the signature does not match; the hook's secret is not the configured one"},
      {Post({{"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", "sha1=1234"}}, kGitHub),
       "webhook: header 'X-Hub-Signature-256' is not of the form 'sha256=...'"},
      {Post({{"X-Gitlab-Event", "Push Hook"}}, kGitLab),
       "webhook: header 'X-Gitlab-Token' is missing; set the hook's secret token"},
      {Post({{"X-Gitlab-Event", "Push Hook"}, {"X-Gitlab-Token", "guess"}}, kGitLab),
       "webhook: the token is not the configured secret"},
      {Post({{"X-Gitea-Event", "push"}, {"X-GitHub-Event", "push"}, {"X-Hub-Signature-256", Sha256(kGitHub)}}, kGitHub),
       "webhook: header 'X-Gitea-Signature' is missing; set the hook's secret"},
      {Post({}, ""),
       "webhook: header 'X-Hub-Signature-256' or 'Authorization: Bearer' is missing; set the hook's secret"},
      {Post({{"Authorization", "Bearer guess"}}, ""), "webhook: the token is not the configured secret"},
      {Post({{"Authorization", "Basic hush"}}, ""),
       "webhook: header 'X-Hub-Signature-256' or 'Authorization: Bearer' is missing; set the hook's secret"},
  };
  for (const auto& c : kCases) {
    auto call = ReadWebhook(c.request, {.secrets = {kSecret}, .accept_unsigned = true});
    ASSERT_FALSE(call.ok()) << c.want;
    EXPECT_EQ(call.error().code(), Code::kDenied);
    EXPECT_EQ(call.error().message(), c.want);
  }
}

TEST(Webhook, WithoutASecretOnlyWhereAllowed) {
  const auto request = Post({{"X-GitHub-Event", "push"}}, kGitHub);
  EXPECT_TRUE(ReadWebhook(request, {.accept_unsigned = true}).ok());
  EXPECT_EQ(ReadWebhook(request, {}).error().code(), Code::kDenied);
  EXPECT_EQ(ReadWebhook(request, {.secrets = {""}}).error().code(), Code::kDenied) << "an empty secret is none";
  EXPECT_EQ(ReadWebhook(Post({{"Origin", "https://evil.example"}}, ""), {.accept_unsigned = true}).error().code(),
            Code::kDenied);
}

TEST(Webhook, OtherEventsAreNoPush) {
  for (const http::Headers& headers :
       {http::Headers{{"X-GitHub-Event", "ping"}}, http::Headers{{"X-Gitlab-Event", "Issue Hook"}},
        http::Headers{{"X-Event-Key", "diagnostics:ping"}}}) {
    auto call = ReadWebhook(Post(headers, "not even json"), {.accept_unsigned = true});
    ASSERT_TRUE(call.ok());
    EXPECT_FALSE(call->push);
  }
}

TEST(Webhook, PlainCallWithoutAddressMeansEveryRepository) {
  auto call = ReadWebhook(Post({}, " \n"), {.accept_unsigned = true});
  ASSERT_TRUE(call.ok() && call->push);
  EXPECT_TRUE(call->push->Concerns("https://git.example/anything"));
}

TEST(Webhook, PayloadInAFormIsRead) {
  const std::string body = "payload=" + http::PercentEncode(kGitHub);
  auto call = ReadWebhook(Post({{"x-github-event", "push"},
                                {"content-type", "application/x-www-form-urlencoded"},
                                {"x-hub-signature-256", Sha256(body)}},
                               body),
                          {.secrets = {kSecret}});
  ASSERT_TRUE(call.ok()) << call.error().message();
  EXPECT_TRUE(call->push->Concerns("https://github.example/org/shop"));
}

TEST(Webhook, BrokenPayloadsAreInvalid) {
  for (std::string body :
       {"", "{", "[]", "null", "{}", R"({"repository": "x"})", R"({"repository": {"clone_url": 7}})"}) {
    auto call = ReadWebhook(Post({{"X-GitHub-Event", "push"}}, body), {.accept_unsigned = true});
    ASSERT_FALSE(call.ok()) << body;
    EXPECT_EQ(call.error().code(), Code::kInvalid) << body;
  }
  EXPECT_EQ(ReadWebhook(Post({{"X-GitHub-Event", "push"}, {"Content-Type", "application/x-www-form-urlencoded"}}, "a=b"), {.accept_unsigned = true}).error().message(),
            "webhook of github: the form has no field 'payload': set the hook's content type to application/json");
  EXPECT_EQ(ReadWebhook(Post({}, "[1]"), {.accept_unsigned = true}).error().message(),
            "webhook: the body is a list, not a map");
}

}  // namespace
}  // namespace plumb
