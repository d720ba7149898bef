#include "diff/present.h"
#include "engine/review/review.h"

namespace plumb {

namespace {

class Writer {
 public:
  explicit Writer(Arena& arena) : a_(arena) {}

  Value Application(const ApplicationReview& a) {
    std::vector<Member> m = {{"name", Text(a.name)}, {"unchanged", Count(a.unchanged)}, {"ignored", Count(a.ignored)}};
    const auto diffs = [&](std::string_view key, const std::vector<MaskedDiff>& list) {
      m.push_back({key, a_.Copy(PresentJson(list)->Get("objects"))});
    };
    diffs("changes", a.changes);
    diffs("drift", a.drift);
    diffs("pending", a.pending);
    std::vector<Value> refused;
    for (const Refusal& r : a.refused) {
      std::vector<Member> one = {{"object", Id(r.id)}, {"reason", Text(r.reason)}, {"atBase", Arena::Bool(r.at_base)}};
      if (!r.origin.empty()) one.push_back({"origin", Text(r.origin)});
      refused.push_back(a_.Map(one));
    }
    m.push_back({"refused", a_.List(refused)});
    m.push_back({"failures", Texts(a.failures)});
    m.push_back({"hooks", Texts(a.hooks)});
    m.push_back({"notes", Texts(a.notes)});
    m.push_back({"unknown", Texts(a.unknown)});
    m.push_back({"unusedRules", Texts(a.unused_rules)});
    return a_.Map(m);
  }

  Value Dangers(const std::vector<Danger>& dangers) {
    std::vector<Value> out;
    for (const Danger& d : dangers) out.push_back(a_.Map({{"kind", Text(DangerName(d.kind))}, {"object", Id(d.id)}, {"what", Text(d.what)}}));
    return a_.List(out);
  }

  Value Images(const std::vector<ImageChange>& images) {
    std::vector<Value> out;
    for (const ImageChange& i : images) {
      std::vector<Member> m;
      if (!i.before.empty()) m.push_back({"from", Text(i.before)});
      if (!i.after.empty()) m.push_back({"to", Text(i.after)});
      m.push_back({"in", Texts(i.users)});
      out.push_back(a_.Map(m));
    }
    return a_.List(out);
  }

  Value Summary(const Review& r) {
    return a_.Map({{"create", Count(r.create)}, {"patch", Count(r.patch)}, {"replace", Count(r.replace)}, {"delete", Count(r.remove)}, {"orphan", Count(r.orphan)}, {"hooks", Count(r.hooks)},
                   {"namespaces", Count(r.namespaces)}, {"restartedWorkloads", Count(r.restarted)}, {"restartedPods", Count(r.pods)}, {"failed", Arena::Bool(r.failed)}});
  }

  Value Text(std::string_view text) { return a_.String(text); }

 private:
  static Value Count(size_t n) { return Arena::Int(static_cast<int64_t>(n)); }
  Value Texts(const std::vector<std::string>& texts) {
    std::vector<Value> out;
    for (const std::string& text : texts) out.push_back(Text(text));
    return a_.List(out);
  }
  Value Id(const ObjectId& id) {
    std::vector<Member> m = {{"group", Text(id.group)}, {"kind", Text(id.kind)}};
    if (!id.ns.empty()) m.push_back({"namespace", Text(id.ns)});
    m.push_back({"name", Text(id.name)});
    return a_.Map(m);
  }

  Arena& a_;
};

}  // namespace

Document ReviewToJson(const Review& review) {
  return BuildDocument([&](Arena& arena) {
    Writer writer(arena);
    std::vector<Value> applications;
    for (const ApplicationReview& a : review.applications) applications.push_back(writer.Application(a));
    return arena.Map({{"apiVersion", Arena::Borrow("plumb.dev/v1")},
                      {"kind", Arena::Borrow("Review")},
                      {"base", writer.Text(review.base)},
                      {"head", writer.Text(review.head)},
                      {"against", writer.Text(review.against)},
                      {"summary", writer.Summary(review)},
                      {"dangers", writer.Dangers(review.dangers)},
                      {"images", writer.Images(review.images)},
                      {"applications", arena.List(applications)}});
  });
}

}  // namespace plumb
