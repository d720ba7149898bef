#include "engine/kube/client.h"

#include <fmt/core.h>

#include <future>
#include <random>

#include "core/blocking.h"
#include "core/edit.h"
#include "core/json.h"
#include "engine/kube/delay_queue.h"
#include "engine/kube/retry.h"

namespace plumb::kube {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kMetadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
constexpr std::string_view kMetadataOnlyList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
constexpr int kListAttempts = 3;  // starts of one list, where its continue token expires

using Finished = std::function<void(Result<http::Response>, ApiStatus)>;

// One request with all its attempts.
struct Call {
  std::string_view verb;
  std::string plural;
  bool idempotent = true;
  http::Request request;
  Finished finished;
  int attempt = 1;
};

// "?a=1&b=2" from what is not empty.
class Query {
 public:
  Query& Add(std::string_view key, std::string_view value) {
    if (value.empty()) return *this;
    text_ += fmt::format("{}{}={}", text_.empty() ? '?' : '&', key, http::PercentEncode(value));
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string_view Name(FieldValidation validation) {
  switch (validation) {
    case FieldValidation::kStrict: return "Strict";
    case FieldValidation::kWarn: return "Warn";
    case FieldValidation::kIgnore: return "Ignore";
  }
  return "";
}

std::string WriteQuery(const WriteOptions& options, bool apply) {
  Query query;
  query.Add("fieldManager", options.field_manager).Add("fieldValidation", Name(options.validation));
  if (apply) query.Add("force", options.force ? "true" : "false");
  if (options.dry_run) query.Add("dryRun", "All");
  return query.text();
}

std::string_view ContentType(PatchType type) {
  switch (type) {
    case PatchType::kJson: return "application/json-patch+json";
    case PatchType::kMerge: return "application/merge-patch+json";
    case PatchType::kStrategic: return "application/strategic-merge-patch+json";
  }
  return kJson;
}

http::Request Write(std::string_view method, std::string target, std::string_view content_type, Value body, const WriteOptions& options) {
  return {std::string(method), std::move(target),
          {{"Accept", std::string(options.metadata_only ? kMetadataOnly : kJson)}, {"Content-Type", std::string(content_type)}},
          WriteJson(body)};
}

// Turns what the transport brought into an Answer for `done`.
Finished AnswerTo(Client::Callback done) {
  return [done = std::move(done)](Result<http::Response> response, ApiStatus status) {
    if (!response.ok()) return done({std::move(response).error(), std::move(status), {}});
    std::vector<std::string> warnings = ReadWarnings(response->headers);
    if (!status.ok()) {
      Error error = ToError(status);
      return done({std::move(error), std::move(status), std::move(warnings)});
    }
    Result<Document> object = ParseJson(response->body);
    if (!object.ok()) object = Unavailable(fmt::format("{}: the answer is not JSON ({})", status.http, object.error().message()));
    const bool created = status.http == 201;
    done({std::move(object), std::move(status), std::move(warnings), created});
  };
}

// Calls an asynchronous form and waits for what it hands to its callback.
template <typename T, typename F>
T Wait(F&& start) {
  const auto promise = std::make_shared<std::promise<T>>();  // shared: the waiter may be gone before set_value returns
  std::future<T> future = promise->get_future();
  start([promise](T value) { promise->set_value(std::move(value)); });
  const Blocking blocking;
  return future.get();
}

double Jitter() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

// Outlives the Client while requests are on the wire: their callbacks hold it. The transport is a plain pointer, valid
// where it is used: by callers, on the transport's own thread, and by the delay queue until the Client closes it.
class Client::Core : public std::enable_shared_from_this<Client::Core> {
 public:
  Core(Transport* transport, ClientOptions options, Clock& clock)
      : transport_(transport), options_(std::move(options)), clock_(clock), delays_(clock) {}

  const ClientOptions& options() const { return options_; }
  DelayQueue& delays() { return delays_; }

  void Start(Call call) { Attempt(std::make_shared<Call>(std::move(call))); }

 private:
  void Attempt(const std::shared_ptr<Call>& call) {
    const TimePoint started = clock_.Now();
    transport_->Send(call->request, options_.timeout,
                     [self = shared_from_this(), call, started](Result<http::Response> response) {
                       self->Attempted(call, started, std::move(response));
                     });
  }

  void Attempted(const std::shared_ptr<Call>& call, TimePoint started, Result<http::Response> response) {
    ApiStatus status;
    if (response.ok()) status = ReadApiStatus(*response);
    if (options_.on_request) options_.on_request({call->verb, call->plural, status.http, clock_.Now() - started});
    if (!status.ok()) {
      const RetryPolicy policy = {options_.attempts, options_.retry_first, options_.retry_max, options_.retry_after_max};
      const Code network = response.ok() ? Code::kInternal : response.error().code();
      if (const auto delay = RetryDelay(policy, call->attempt, call->idempotent, status, network, Jitter())) {
        delays_.Add(*delay, [this, call](bool cancelled) {
          if (cancelled) return call->finished(Cancelled("the client is closing"), {});
          ++call->attempt;
          Attempt(call);
        });
        return;
      }
    }
    call->finished(std::move(response), std::move(status));
  }

  Transport* const transport_;
  const ClientOptions options_;
  Clock& clock_;
  DelayQueue delays_;
};

namespace {

// One list across its pages.
struct Listing {
  Resource resource;
  ListOptions options;
  size_t page = 0, bound = 0;
  ObjectList list;
  int starts = 1;
  std::function<void(http::Request, Finished)> send;
  Client::ListCallback done;
};

http::Request PageRequest(const Listing& listing, std::string_view token) {
  const ListOptions& options = listing.options;
  Query query;
  query.Add("labelSelector", options.label_selector).Add("fieldSelector", options.field_selector);
  // The last attempt asks for everything at once: it cannot expire on the way (as client-go's pager does).
  if (listing.starts < kListAttempts) query.Add("limit", std::to_string(listing.page));
  if (token.empty()) {
    query.Add("resourceVersion", options.resource_version);
  } else {
    query.Add("continue", token);
  }
  return {"GET", listing.resource.CollectionPath(options.ns) + query.text(),
          {{"Accept", std::string(options.metadata_only ? kMetadataOnlyList : kJson)}}, ""};
}

// Servers leave apiVersion and kind out of the items of typed lists.
void AddItems(const Document& page, const Listing& listing, std::vector<Document>& items) {
  const std::string api_version = listing.resource.gvk.ApiVersion();
  for (const Value item : page->Get("items").items()) {
    if (item.Has("kind")) {
      items.push_back(page.At(item));
      continue;
    }
    items.push_back(BuildDocument([&](Arena& arena) {
      arena.Adopt(page);
      std::vector<Member> members = {{"apiVersion", arena.String(api_version)}, {"kind", arena.String(listing.resource.gvk.kind)}};
      for (const Member& member : item.members())
        if (member.key != "apiVersion") members.push_back(member);
      return arena.Map(members);
    }));
  }
}

void NextPage(const std::shared_ptr<Listing>& listing, const std::string& token);

void OnPage(const std::shared_ptr<Listing>& listing, bool continued, Result<http::Response> response, const ApiStatus& status) {
  if (!response.ok()) return listing->done(std::move(response).error());
  if (status.Expired() && continued && listing->starts < kListAttempts) {
    ++listing->starts;
    listing->list = {};
    return NextPage(listing, "");
  }
  if (!status.ok()) return listing->done(ToError(status));
  Result<Document> page = ParseJson(response->body);
  if (!page.ok()) return listing->done(Unavailable(fmt::format("the list is not JSON ({})", page.error().message())));
  const Value items = page->root().Get("items");
  if (!items.is_list() && !(items.is_null() && page->root().Has("metadata")))
    return listing->done(Unavailable("the answer is no list"));
  AddItems(*page, *listing, listing->list.items);
  if (listing->list.items.size() > listing->bound)
    return listing->done(LimitExceeded(fmt::format("more than {} {}; the bound is 'list_objects'", listing->bound, listing->resource.plural)));
  const Value metadata = page->root().Get("metadata");
  if (const std::string_view next = metadata.GetString("continue"); !next.empty()) return NextPage(listing, std::string(next));
  listing->list.resource_version = metadata.GetString("resourceVersion");
  listing->done(std::move(listing->list));
}

void NextPage(const std::shared_ptr<Listing>& listing, const std::string& token) {
  listing->send(PageRequest(*listing, token), [listing, continued = !token.empty()](Result<http::Response> response, ApiStatus status) {
    OnPage(listing, continued, std::move(response), status);
  });
}

}  // namespace

Client::Client(std::shared_ptr<Transport> transport, ClientOptions options, Clock& clock)
    : core_(std::make_shared<Core>(transport.get(), std::move(options), clock)), transport_(std::move(transport)) {}

Client::~Client() { core_->delays().Close(); }

Transport& Client::transport() const { return *transport_; }
const ClientOptions& Client::options() const { return core_->options(); }
size_t Client::RunDueRetries() { return core_->delays().RunDue(); }

void Client::Get(const ObjectRef& ref, Callback done) {
  core_->Start({"get", ref.resource.plural, true, {"GET", ref.Path(), {{"Accept", std::string(kJson)}}, ""}, AnswerTo(std::move(done))});
}

void Client::List(const Resource& resource, const ListOptions& options, ListCallback done) {
  auto listing = std::make_shared<Listing>(Listing{resource, options, core_->options().page, core_->options().list_objects, {}, 1, {}, std::move(done)});
  listing->send = [core = core_, plural = resource.plural](http::Request request, Finished finished) {
    core->Start({"list", plural, true, std::move(request), std::move(finished)});
  };
  NextPage(listing, "");
}

void Client::Create(const Resource& resource, std::string_view ns, Value object, const WriteOptions& options, Callback done) {
  core_->Start({"create", resource.plural, false,
                Write("POST", resource.CollectionPath(ns) + WriteQuery(options, false), kJson, object, options), AnswerTo(std::move(done))});
}

void Client::Update(const ObjectRef& ref, Value object, const WriteOptions& options, Callback done) {
  // With a resourceVersion, a repeated update would meet its own first success as a conflict.
  const bool idempotent = object.Get("metadata").GetString("resourceVersion").empty();
  core_->Start({"update", ref.resource.plural, idempotent, Write("PUT", ref.Path() + WriteQuery(options, false), kJson, object, options),
                AnswerTo(std::move(done))});
}

void Client::Patch(const ObjectRef& ref, PatchType type, Value patch, const WriteOptions& options, Callback done) {
  core_->Start({"patch", ref.resource.plural, type == PatchType::kMerge,
                Write("PATCH", ref.Path() + WriteQuery(options, false), ContentType(type), patch, options), AnswerTo(std::move(done))});
}

void Client::Apply(const ObjectRef& ref, Value object, const WriteOptions& options, Callback done) {
  core_->Start({"apply", ref.resource.plural, true,
                Write("PATCH", ref.Path() + WriteQuery(options, true), "application/apply-patch+yaml", object, options), AnswerTo(std::move(done))});
}

void Client::Delete(const ObjectRef& ref, const DeleteOptions& options, Callback done) {
  const Document body = BuildDocument([&](Arena& arena) {
    std::vector<Member> members = {{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow("DeleteOptions")}};
    if (!options.propagation.empty()) members.push_back({"propagationPolicy", arena.String(options.propagation)});
    std::vector<Member> preconditions;
    if (!options.uid.empty()) preconditions.push_back({"uid", arena.String(options.uid)});
    if (!options.resource_version.empty()) preconditions.push_back({"resourceVersion", arena.String(options.resource_version)});
    if (!preconditions.empty()) members.push_back({"preconditions", arena.Map(preconditions)});
    if (options.dry_run) members.push_back({"dryRun", arena.List({Arena::Borrow("All")})});
    return arena.Map(members);
  });
  core_->Start({"delete", ref.resource.plural, true,
                {"DELETE", ref.Path(), {{"Accept", std::string(kJson)}, {"Content-Type", std::string(kJson)}}, WriteJson(*body)},
                AnswerTo(std::move(done))});
}

void Client::GetRaw(std::string target, std::string accept, RawCallback done) {
  core_->Start({"get", "", true, {"GET", std::move(target), {{"Accept", std::move(accept)}}, ""},
                [done = std::move(done)](Result<http::Response> response, const ApiStatus& status) {
                  if (response.ok() && !status.ok()) return done(ToError(status));
                  done(std::move(response));
                }});
}

Answer Client::Get(const ObjectRef& ref) {
  return Wait<Answer>([&](Callback done) { Get(ref, std::move(done)); });
}
Result<ObjectList> Client::List(const Resource& resource, const ListOptions& options) {
  return Wait<Result<ObjectList>>([&](ListCallback done) { List(resource, options, std::move(done)); });
}
Answer Client::Create(const Resource& resource, std::string_view ns, Value object, const WriteOptions& options) {
  return Wait<Answer>([&](Callback done) { Create(resource, ns, object, options, std::move(done)); });
}
Answer Client::Update(const ObjectRef& ref, Value object, const WriteOptions& options) {
  return Wait<Answer>([&](Callback done) { Update(ref, object, options, std::move(done)); });
}
Answer Client::Patch(const ObjectRef& ref, PatchType type, Value patch, const WriteOptions& options) {
  return Wait<Answer>([&](Callback done) { Patch(ref, type, patch, options, std::move(done)); });
}
Answer Client::Apply(const ObjectRef& ref, Value object, const WriteOptions& options) {
  return Wait<Answer>([&](Callback done) { Apply(ref, object, options, std::move(done)); });
}
Answer Client::Delete(const ObjectRef& ref, const DeleteOptions& options) {
  return Wait<Answer>([&](Callback done) { Delete(ref, options, std::move(done)); });
}
Result<http::Response> Client::GetRaw(std::string target, std::string accept) {
  return Wait<Result<http::Response>>([&](RawCallback done) { GetRaw(std::move(target), std::move(accept), std::move(done)); });
}

}  // namespace plumb::kube
