// session info, dump

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/client/admin.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/command_line.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/failure.h"
#include "tools/quorate/table.h"
#include "tools/quorate/text.h"
#include "tools/quorate/verbs/verbs.h"

namespace quorate::tools {
namespace {

absl::Status RunInfo(Context& context) {
  const absl::StatusOr<client::Session*> session = context.Session();
  if (!session.ok()) return session.status();
  const Console& console = context.console();
  const client::Pin pin = (*session)->pin();
  if (console.json) {
    console.out << Dump({{"session", FormatSession((*session)->id())},
                         {"timeout_ms", (*session)->timeout_ms()},
                         {"endpoint", (*session)->endpoint()},
                         {"ensemble_id", FormatId(pin.ensemble_id)},
                         {"highest_zxid", FormatZxid(pin.highest_zxid)}})
                << std::endl;
    return absl::OkStatus();
  }
  PrintPairs(console, {{"session", FormatSession((*session)->id())},
                       {"timeout", FormatAge((*session)->timeout_ms())},
                       {"connected to", (*session)->endpoint()},
                       {"ensemble", FormatId(pin.ensemble_id)},
                       {"seen up to", FormatZxid(pin.highest_zxid)}});
  console.out << std::flush;
  return absl::OkStatus();
}

std::string KindsText(uint32_t kinds) {
  std::vector<std::string> names;
  const auto add = [&](client::WatchKind kind, const char* name) {
    if ((kinds & static_cast<uint32_t>(kind)) != 0) names.push_back(name);
  };
  add(client::WatchKind::kData, "data");
  add(client::WatchKind::kChild, "children");
  add(client::WatchKind::kPersistent, "persistent");
  add(client::WatchKind::kRecursive, "recursive");
  return absl::StrJoin(names, "+");
}

void PrintDump(const Console& console, const std::string& endpoint,
               const coord::v1::DumpResponse& dump) {
  Table sessions({"SESSION", "TIMEOUT", "EPHEMERALS", "CONNECTED HERE"});
  for (const auto& session : dump.sessions()) {
    sessions.Add({FormatSession(session.session_id()),
                  FormatAge(session.timeout_ms()),
                  absl::StrCat(session.ephemerals()),
                  session.attached_here() ? "yes" : "no"});
  }
  Table watches({"SESSION", "KIND", "PATH"});
  for (const auto& watch : dump.watches()) {
    watches.Add({FormatSession(watch.session_id()), KindsText(watch.kinds()),
                 Printable(watch.path())});
  }
  console.out << "sessions, as " << endpoint << " sees them\n";
  sessions.Print(console);
  console.out << "\nwatches set at " << endpoint << "\n";
  watches.Print(console);
  if (dump.unsafe()) {
    console.out << "\n" << console.Paint(Colour::kRed, kUnsafeNote) << "\n";
  }
  if (dump.more()) console.out << "\nthere are more; see --limit\n";
  console.out << std::flush;
}

Json DumpJson(const std::string& endpoint,
              const coord::v1::DumpResponse& dump) {
  Json json = {{"endpoint", endpoint},
               {"sessions", Json::array()},
               {"watches", Json::array()},
               {"more", dump.more()},
               {"unsafe", dump.unsafe()}};
  for (const auto& session : dump.sessions()) {
    json["sessions"].push_back(
        {{"session", FormatSession(session.session_id())},
         {"timeout_ms", session.timeout_ms()},
         {"ephemerals", session.ephemerals()},
         {"attached_here", session.attached_here()}});
  }
  for (const auto& watch : dump.watches()) {
    json["watches"].push_back({{"session", FormatSession(watch.session_id())},
                               {"kinds", KindsText(watch.kinds())},
                               {"path", watch.path()}});
  }
  return json;
}

struct DumpOptions {
  std::string endpoint;
  int64_t limit = 1000;
};

absl::Status RunDump(Context& context, const DumpOptions& options) {
  if (!options.endpoint.empty()) {
    const absl::Status valid = CheckEndpoint(options.endpoint);
    if (!valid.ok()) return valid;
  }
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  std::vector<std::string> endpoints = (*admin)->endpoints();
  if (!options.endpoint.empty()) endpoints = {options.endpoint};
  absl::Status first_failure;
  for (const std::string& endpoint : endpoints) {
    const Progress progress(context.console(),
                            absl::StrCat("waiting for ", endpoint));
    const absl::StatusOr<coord::v1::DumpResponse> dump =
        (*admin)->Dump(endpoint, static_cast<uint32_t>(options.limit));
    if (!dump.ok()) {
      first_failure.Update(dump.status());
      continue;
    }
    if (context.console().json) {
      context.console().out << Dump(DumpJson(endpoint, *dump)) << std::endl;
    } else {
      PrintDump(context.console(), endpoint, *dump);
    }
    return absl::OkStatus();
  }
  return first_failure;
}

}  // namespace

void AddSessionVerbs(CommandLine& line, Context& context) {
  line.AddVerb("session", "about sessions")
      .AddVerb("info",
               "open a session, or take the shell's, and say what it got")
      .Example("quorate session info")
      .Does([&context] { return RunInfo(context); });
  auto options = std::make_shared<DumpOptions>();
  line.AddVerb("dump", "list sessions, and the watches set at one member")
      .Option("--from", &options->endpoint, "HOST:PORT",
              "that member; else the first that answers")
      .Option("--limit", Number{&options->limit, 1, 1'000'000}, "N",
              "at most so many of each (default 1000)")
      .Example("quorate dump")
      .Does([options, &context] { return RunDump(context, *options); });
}

}  // namespace quorate::tools
