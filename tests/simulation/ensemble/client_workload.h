// ClientWorkload: makes up what simulated clients ask.
//
// Few znodes, so that clients meet; every value written is unique, so that it
// can be told whose write it was.
//
//   /r0 .. /r3         registers, created, set, deleted; with children k0 .. k2
//   /q                 never deleted; sequential znodes below it
//   /e                 never deleted; ephemerals below it
//   /c                 containers, /t  znodes with a time to live

#ifndef QUORATE_TESTS_SIMULATION_ENSEMBLE_CLIENT_WORKLOAD_H_
#define QUORATE_TESTS_SIMULATION_ENSEMBLE_CLIENT_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "coord/base/seeded_random.h"
#include "coord/replica/client_message.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"

namespace quorate::simulation {

class ClientWorkload {
 public:
  // `random` must outlive it.
  ClientWorkload(SeededRandom& random, int client)
      : random_(random), client_(client) {}

  // A write of a session. Only CloseSession is never among them.
  tree::RequestBody Write();
  // A write without a session: nothing ephemeral, and recognisable by its data.
  tree::RequestBody LoneWrite();
  replica::ReadRequest Read(bool may_watch);
  replica::AddWatch Watch();
  // What all others stand on: /q and so on; they may exist already.
  static std::vector<std::string> Foundations();
  tree::CreateRequest Foundation(const std::string& path);

  // What a client saw last: names to be deleted, versions to be expected.
  void Saw(const std::string& path, int32_t version);
  void SawChildren(const std::string& parent,
                   const std::vector<std::string>& names);

 private:
  std::string Value();
  std::string Register();
  std::string Child();
  std::string AnyPath();
  tree::CreateRequest Create(std::string path, tree::CreateMode mode);
  tree::CreateRequest Sequential();
  tree::DeleteRequest Delete();
  tree::SetDataRequest Set();
  tree::MultiRequest Multi();

  SeededRandom& random_;
  const int client_;
  uint64_t values_ = 0;
  std::string seen_path_;
  int32_t seen_version_ = 0;
  std::vector<std::string> seen_children_;  // whole paths
};

}  // namespace quorate::simulation

#endif  // QUORATE_TESTS_SIMULATION_ENSEMBLE_CLIENT_WORKLOAD_H_
