// Short ways to write objects in tests of order, plan and apply.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/object.h"

namespace plumb {
inline void PrintTo(const ObjectId& id, std::ostream* out) { *out << id.ToString(); }
}  // namespace plumb

namespace plumb::testing {

inline Document Json(std::string_view text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message() << "\n" << text;
  return parsed.ok() ? *parsed : Document();
}

// Object("apps/v1", "Deployment", "shop/web", R"("spec":{"replicas":1})", R"("annotations":{...})"). "web": cluster-scoped.
inline Document Object(std::string_view api_version, std::string_view kind, std::string_view name, std::string_view fields = "",
                       std::string_view metadata = "") {
  const size_t slash = name.find('/');
  std::string text = "{\"apiVersion\":\"" + std::string(api_version) + "\",\"kind\":\"" + std::string(kind) + "\",\"metadata\":{";
  if (slash != std::string_view::npos) text += "\"namespace\":\"" + std::string(name.substr(0, slash)) + "\",";
  text += "\"name\":\"" + std::string(slash == std::string_view::npos ? name : name.substr(slash + 1)) + "\"";
  if (!metadata.empty()) text += "," + std::string(metadata);
  text += "}";
  if (!fields.empty()) text += "," + std::string(fields);
  return Json(text + "}");
}

inline Document Config(std::string_view name, std::string_view metadata = "") { return Object("v1", "ConfigMap", name, "", metadata); }
inline Document Namespace(std::string_view name, std::string_view metadata = "") { return Object("v1", "Namespace", name, "", metadata); }

inline Manifest At(Document object, std::string file = "all.yaml", int line = 1) { return {std::move(object), {std::move(file), 0, line}}; }

// An annotation that lists dependencies in Plumb's own form.
inline std::string DependsOn(std::string_view text) { return "\"annotations\":{\"plumb.dev/depends-on\":\"" + std::string(text) + "\"}"; }
inline std::string Wave(int wave) { return "\"annotations\":{\"argocd.argoproj.io/sync-wave\":\"" + std::to_string(wave) + "\"}"; }

}  // namespace plumb::testing
