// Saboteur: spoils what members tell their clients, as EnsembleWorld::sabotage
// says; see sabotage.h. Without sabotage everything passes as it is.

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTEUR_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTEUR_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "coord/replica/client_message.h"
#include "tests/simulation/ensemble/world.h"

namespace quorate::simulation {

class Saboteur {
 public:
  explicit Saboteur(EnsembleWorld& world) : world_(world) {}

  // What is to be sent by `connection` instead of `message`.
  std::vector<replica::ServerMessage> Tamper(uint64_t connection,
                                             replica::ServerMessage message);

 private:
  using Messages = std::vector<replica::ServerMessage>;

  // Holds a message back that `holds` until the next one for which `behind`
  // is true has gone.
  Messages Delay(uint64_t connection, replica::ServerMessage message,
                 bool holds, bool behind);
  Messages TamperEvent(replica::WatchEvent event);
  Messages TamperReply(replica::Reply reply);

  EnsembleWorld& world_;
  std::map<uint64_t, replica::ServerMessage> held_;  // by connection
  std::optional<replica::Reply> old_data_;
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_SABOTEUR_H_
