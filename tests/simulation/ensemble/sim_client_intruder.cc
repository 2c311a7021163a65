// SimClient, third part: connections that no member may welcome.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "tests/simulation/ensemble/history.h"
#include "tests/simulation/ensemble/sim_client.h"

namespace quorate::simulation {

void SimClient::Intrude() {
  const std::vector<SessionRecord>& sessions = world_.history.sessions;
  replica::Hello hello;
  hello.timeout_ms = options_.session_ms;
  hello.password.assign(replica::kPasswordBytes, '?');
  std::string trick;
  switch (world_.random.Below(3)) {
    case 0:
      trick = "another client's session, with a guessed password";
      hello.session = sessions[world_.random.Below(sessions.size())].id;
      if (hello.session.IsNone()) return;
      break;
    case 1:
      trick = "the pin of another ensemble";
      hello.pin.ensemble = {1, world_.random.Next()};
      break;
    default:
      trick = "a pin ahead of everything";
      hello.pin.ensemble = pin_.ensemble;
      hello.pin.highest_seen = consensus::Zxid(1'000'000, 0);
      break;
  }
  ++world_.statistics.operations["intrusion tried"];
  const uint64_t connection = wire_.Open(index_, AnyMember(), std::move(hello));
  intrusions_[connection] = std::move(trick);
  world_.scheduler.After(world_.random.Between(kSecond, 5 * kSecond),
                         [this, connection] {
                           if (intrusions_.erase(connection) > 0) {
                             wire_.Close(connection);
                           }
                         });
}

void SimClient::EndIntrusion(uint64_t connection,
                             const replica::ServerMessage& message) {
  if (std::holds_alternative<replica::Goodbye>(message)) {
    ++world_.statistics.outcomes["intrusions refused"];
  } else {
    world_.Report("intrusion",
                  absl::StrCat("who shows ", intrusions_[connection], " hears ",
                               Describe(message)));
  }
  intrusions_.erase(connection);
  wire_.Close(connection);
}

}  // namespace quorate::simulation
