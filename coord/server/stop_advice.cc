#include "coord/server/stop_advice.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coord/base/ids.h"
#include "coord/consensus/options.h"
#include "coord/consensus/rule.h"
#include "coord/replica/error.h"
#include "coord/server/settings.h"

namespace quorate::server {
namespace {

using consensus::Rule;

std::string JoinAnew(const AdviceFacts& facts, const std::string& peers) {
  return absl::StrCat("coordd --dir EMPTY_DIR --id NEW_ID --listen ",
                      facts.listen_address, " --join ", peers,
                      " ; quorate member promote NEW_ID --retry-for 10m "
                      "--endpoints ",
                      peers);
}

}  // namespace

AdviceFacts FactsForAdvice(const Settings& settings, MemberId member,
                           const std::vector<std::string>& members) {
  const consensus::Options& core = settings.replica.core;
  AdviceFacts facts{.member = member,
                    .directory = settings.directory,
                    .listen_address = settings.listen_address,
                    .peers = members.empty() ? core.seeds : members};
  if (facts.peers.empty() && core.manifest) {
    for (const consensus::Manifest::Founder& founder :
         core.manifest->founders) {
      facts.peers.push_back(founder.address);
    }
  }
  std::erase(facts.peers, core.address);
  return facts;
}

std::string StopAdvice(const absl::Status& why, const AdviceFacts& facts) {
  const std::optional<consensus::Refusal> refusal = replica::RefusalOf(why);
  if (!refusal) return "";
  const std::string peers =
      facts.peers.empty() ? "HOST:PORT,..." : absl::StrJoin(facts.peers, ",");
  switch (refusal->rule) {
    case Rule::kIncarnation:
      return absl::StrCat("quorate member remove ", ToString(facts.member),
                          " --endpoints ", peers, " ; ",
                          JoinAnew(facts, peers));
    case Rule::kOrderlyExit:
    case Rule::kNoResurrection:
      return JoinAnew(facts, peers);
    case Rule::kOneTruth:
      return absl::StrCat("coordd --dir ", facts.directory, " --listen ",
                          facts.listen_address,
                          " (without --founders; who belongs: quorate member "
                          "list --endpoints ",
                          peers, ")");
    case Rule::kUnanimousBootstrap:
      return absl::StrCat(
          "if this list of founders is the right one, on which all agree: rm "
          "-r ",
          facts.directory, " and start again");
    default:
      return "";
  }
}

}  // namespace quorate::server
