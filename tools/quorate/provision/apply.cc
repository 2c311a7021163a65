#include "tools/quorate/provision/apply.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/atomic_file.h"
#include "tools/quorate/console.h"
#include "tools/quorate/context.h"
#include "tools/quorate/provision/contact.h"
#include "tools/quorate/provision/declaration.h"
#include "tools/quorate/provision/forecast.h"
#include "tools/quorate/provision/provisioner.h"
#include "tools/quorate/provision/report.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
// Of one call to one member: there are others to ask.
constexpr int64_t kCallTimeoutMs = 2'000;

absl::StatusOr<EnsembleContact> ContactOf(Context& context,
                                          const Declaration& declaration) {
  absl::StatusOr<std::vector<std::string>> endpoints = context.Endpoints();
  if (!endpoints.ok()) return endpoints.status();
  EnsembleContact::Options options;
  options.endpoints = *std::move(endpoints);
  for (const DeclaredMember& member : declaration.members) {
    options.others.push_back(member.address);
  }
  options.ensemble_id = declaration.ensemble_id;
  options.timeout_ms = std::min(context.timeout_ms(), kCallTimeoutMs);
  return EnsembleContact(std::move(options));
}

absl::StatusOr<Declaration> LoadDeclaration(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadFile(file, kMaxFileBytes);
  if (!text.ok()) return text.status();
  return ParseDeclaration(*text, file == "-" ? "standard input" : file);
}

absl::Status DryRun(Context& context, const Declaration& declaration) {
  absl::StatusOr<EnsembleContact> ensemble = ContactOf(context, declaration);
  if (!ensemble.ok()) return ensemble.status();
  const absl::StatusOr<Forecast> forecast = [&] {
    const Progress progress(context.console(), "asking the members");
    return PlanProvision(*ensemble, declaration);
  }();
  if (!forecast.ok()) return forecast.status();
  PrintForecast(context.console(), *forecast);
  return forecast->blocked ? StatusOfStep(*forecast->blocked)
                           : absl::OkStatus();
}

}  // namespace

absl::Status ApplyDeclaration(Context& context, const Declaration& declaration,
                              const ProvisionOptions& options) {
  absl::StatusOr<EnsembleContact> ensemble = ContactOf(context, declaration);
  if (!ensemble.ok()) return ensemble.status();
  ProvisionReport report(context.console());
  const absl::StatusOr<coord::v1::MembersResponse> members =
      Provision(*ensemble, declaration, options, report);
  report.Quiet();
  if (!members.ok()) return members.status();
  report.Finish(*members);
  return absl::OkStatus();
}

absl::Status RunApply(Context& context, const ApplyOptions& options) {
  const absl::StatusOr<Declaration> declaration = LoadDeclaration(options.file);
  if (!declaration.ok()) return declaration.status();
  RemarkIfEven(context.console(), declaration->VoterCount());
  if (options.dry_run) return DryRun(context, *declaration);
  return ApplyDeclaration(context, *declaration, options.provision);
}

void RemarkIfEven(const Console& console, size_t voters) {
  if (voters % 2 != 0) return;
  console.Remark(absl::StrCat("remark: ", voters,
                              " voters survive no more failures than ",
                              voters - 1));
}

Declaration DeclarationOf(const coord::v1::MembersResponse& members) {
  Declaration declaration;
  declaration.ensemble_id = members.ensemble_id();
  for (const coord::v1::MemberInfo& member : members.members()) {
    if (!member.voter() && member.outgoing_voter()) continue;  // leaves
    declaration.members.push_back({.id = member.id(),
                                   .address = member.address(),
                                   .voter = member.voter()});
  }
  return declaration;
}

absl::Status RunExport(Context& context) {
  absl::StatusOr<EnsembleContact> ensemble = ContactOf(context, Declaration());
  if (!ensemble.ok()) return ensemble.status();
  const absl::StatusOr<coord::v1::MembersResponse> members = [&] {
    const Progress progress(context.console(), "waiting for the leader");
    return ensemble->Look();
  }();
  if (!members.ok()) return members.status();
  const std::string text = FormatDeclaration(DeclarationOf(*members));
  const Console& console = context.console();
  console.out << (console.json ? Dump(Json::parse(text)) + "\n" : text)
              << std::flush;
  return absl::OkStatus();
}

}  // namespace quorate::tools
