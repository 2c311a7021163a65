// status

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "coord/client/admin.h"
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

using StatusAnswer = absl::StatusOr<coord::v1::StatusResponse>;

// Asks all at once, so that one that hangs holds up no other.
std::vector<StatusAnswer> AskAll(client::AdminClient& admin,
                                 const std::vector<std::string>& endpoints) {
  std::vector<StatusAnswer> answers(endpoints.size(),
                                    absl::UnknownError("not asked"));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    threads.emplace_back([&, i] { answers[i] = admin.Status(endpoints[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

// What else there is to say about a member.
std::string NotesOn(const coord::v1::StatusResponse& status) {
  std::vector<std::string> notes;
  if (status.unsafe()) notes.push_back("UNSAFE");
  if (status.has_stopped()) {
    notes.push_back(absl::StrCat("stopped: ", status.stopped().message()));
  }
  if (status.joint()) notes.push_back("configuration is joint");
  if (status.disk_full()) notes.push_back("disk full");
  if (!status.serving() && !status.has_stopped()) {
    notes.push_back("not serving");
  }
  return absl::StrJoin(notes, "; ");
}

void AddRow(Table& table, const std::string& endpoint,
            const StatusAnswer& answer) {
  if (!answer.ok()) {
    table.Add({endpoint, "", "unreachable", "", "", "", "", "", "",
               Printable(answer.status().message(), 120)});
    table.PaintLast(Colour::kRed);
    return;
  }
  const coord::v1::StatusResponse& status = *answer;
  table.Add({endpoint, absl::StrCat(status.member_id()), status.role(),
             absl::StrCat(status.epoch()), FormatZxid(status.last_zxid()),
             FormatZxid(status.applied_zxid()),
             absl::StrCat("v", status.configuration_version()),
             absl::StrCat(status.znodes()), absl::StrCat(status.sessions()),
             NotesOn(status)});
  if (!status.serving() || status.disk_full() || status.unsafe()) {
    table.PaintLast(Colour::kYellow);
  } else if (status.role() == "leader") {
    table.PaintLast(Colour::kGreen);
  }
}

Json StatusJson(const std::string& endpoint, const StatusAnswer& answer) {
  Json json = {{"endpoint", endpoint}, {"reachable", answer.ok()}};
  if (!answer.ok()) {
    json["error"] = std::string(answer.status().message());
    return json;
  }
  const coord::v1::StatusResponse& status = *answer;
  json["ensemble_id"] = FormatId(status.ensemble_id());
  json["member_id"] = status.member_id();
  json["incarnation"] = absl::StrFormat("%016x", status.incarnation());
  json["address"] = status.address();
  json["role"] = status.role();
  json["leader_id"] = status.leader_id();
  json["leader_address"] = status.leader_address();
  json["epoch"] = status.epoch();
  json["last_zxid"] = FormatZxid(status.last_zxid());
  json["commit_zxid"] = FormatZxid(status.commit_zxid());
  json["applied_zxid"] = FormatZxid(status.applied_zxid());
  json["snapshot_zxid"] = FormatZxid(status.snapshot_zxid());
  json["configuration_version"] = status.configuration_version();
  json["joint"] = status.joint();
  json["serving"] = status.serving();
  json["disk_full"] = status.disk_full();
  if (status.has_stopped()) json["stopped"] = status.stopped().message();
  json["version"] = status.version();
  json["uptime_ms"] = status.uptime_ms();
  json["connections"] = status.connections();
  json["sessions"] = status.sessions();
  json["watches"] = status.watches();
  json["znodes"] = status.znodes();
  json["waiting_requests"] = status.waiting_requests();
  json["digest"] = absl::StrFormat("%016x", status.digest());
  if (!status.parent_ensemble_id().empty()) {
    json["parent_ensemble_id"] = FormatId(status.parent_ensemble_id());
  }
  json["unsafe"] = status.unsafe();
  return json;
}

// The ensembles that answered; more than one is a mistake in the endpoints, or
// worse.
std::vector<std::string> Ensembles(const std::vector<StatusAnswer>& answers) {
  std::vector<std::string> ids;
  for (const StatusAnswer& answer : answers) {
    if (!answer.ok() || answer->ensemble_id().empty()) continue;
    ids.push_back(FormatId(answer->ensemble_id()));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void PrintAll(const Console& console, const std::vector<std::string>& endpoints,
              const std::vector<StatusAnswer>& answers) {
  if (console.json) {
    for (size_t i = 0; i < endpoints.size(); ++i) {
      console.out << Dump(StatusJson(endpoints[i], answers[i])) << "\n";
    }
    console.out << std::flush;
    return;
  }
  Table table({"ENDPOINT", "ID", "ROLE", "EPOCH", "LOGGED", "APPLIED",
               "MEMBERS", "ZNODES", "SESSIONS", "NOTES"});
  for (size_t i = 0; i < endpoints.size(); ++i) {
    AddRow(table, endpoints[i], answers[i]);
  }
  table.Print(console);
  const std::vector<std::string> ensembles = Ensembles(answers);
  if (!ensembles.empty()) {
    console.out << "\nensemble " << absl::StrJoin(ensembles, " and ") << "\n";
  }
  if (ensembles.size() > 1) {
    console.out << console.Paint(
        Colour::kRed, "these endpoints belong to different ensembles\n");
  }
  const bool any_serves = std::any_of(answers.begin(), answers.end(),
                                      [](const StatusAnswer& answer) {
                                        return answer.ok() && answer->serving();
                                      });
  if (!any_serves) {
    console.out << "none of them serves: a majority of the voters must run and "
                   "reach each other (quorate member list shows who votes); "
                   "if it is lost for good: quorate rescue --help\n";
  }
  for (const StatusAnswer& answer : answers) {
    if (!answer.ok() || !answer->unsafe()) continue;
    console.out << console.Paint(Colour::kRed, kUnsafeNote) << "\n";
    break;
  }
  console.out << std::flush;
}

absl::Status Run(Context& context) {
  const absl::StatusOr<client::AdminClient*> admin = context.Admin();
  if (!admin.ok()) return admin.status();
  const std::vector<std::string> endpoints = (*admin)->endpoints();
  std::vector<StatusAnswer> answers;
  {
    const Progress progress(context.console(), "waiting for the members");
    answers = AskAll(**admin, endpoints);
  }
  PrintAll(context.console(), endpoints, answers);
  for (const StatusAnswer& answer : answers) {
    if (answer.ok()) return absl::OkStatus();
  }
  return TimeoutError(
      absl::StrCat("no member answered: ", answers.front().status().message()));
}

}  // namespace

void AddStatusVerb(CommandLine& line, Context& context) {
  line.AddVerb("status",
               "what every endpoint is and does; fails only if none answers")
      .Example("quorate status")
      .Example("quorate status --json | jq .role")
      .Does([&context] { return Run(context); });
}

}  // namespace quorate::tools
