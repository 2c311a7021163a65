#include "tools/quorate/drill/coordd_stage.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/client/admin.h"
#include "coord/client/error.h"
#include "coord/client/types.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/drill/patience.h"
#include "tools/quorate/drill/ports.h"
#include "tools/quorate/drill/processes.h"
#include "tools/quorate/drill/record.h"
#include "tools/quorate/drill/rules_operator.h"
#include "tools/quorate/drill/stage.h"
#include "tools/quorate/drill/timeline.h"

namespace quorate::tools {
namespace {

constexpr absl::Duration kLookTimeout = absl::Seconds(3);

// A client of one member alone, pinned to nothing.
absl::StatusOr<std::unique_ptr<client::AdminClient>> ClientOf(
    const std::string& address, absl::Duration timeout) {
  return client::AdminClient::Create(
      {.endpoints = {address},
       .timeout_ms = absl::ToInt64Milliseconds(timeout)});
}

class CoorddStage : public Stage {
 public:
  CoorddStage(const std::string& directory, std::string coordd, Ports ports)
      : coordd_(std::move(coordd)),
        ports_(std::move(ports)),
        processes_(directory) {}

  absl::Status Start(uint64_t id, ListOf list) override;
  absl::Status Stop(uint64_t id) override { return processes_.Stop(id); }
  std::optional<std::string> Ended(uint64_t id) override {
    return processes_.Ended(id);
  }
  std::vector<uint64_t> Running() const override { return processes_.Ids(); }
  std::string AddressOf(uint64_t id) const override {
    return absl::StrCat("127.0.0.1:", ports_.Live(id, 0));
  }

  View Look(uint64_t id) override;
  absl::Status Write(uint64_t id, const std::string& path,
                     const std::string& data, absl::Duration timeout) override;
  absl::StatusOr<std::set<std::string>> Find(
      uint64_t id, const std::vector<std::string>& paths,
      absl::Duration timeout) override;

 protected:
  virtual std::vector<std::string> MembershipFlags(uint64_t id,
                                                   ListOf list) const = 0;

  // Where a member is said to be.
  std::string AddressIn(ListOf list, uint64_t id) const {
    if (list != ListOf::kSevenOldCutOff || IsNewcomer(id)) return AddressOf(id);
    return absl::StrCat("127.0.0.1:", ports_.Dead(id, 0));
  }
  // "1=HOST:PORT,2=..."
  std::string ListText(ListOf list) const {
    std::vector<std::string> entries;
    const uint64_t last = list == ListOf::kThree ? kOldMembers : kAllMembers;
    for (uint64_t id = 1; id <= last; ++id) {
      entries.push_back(absl::StrCat(id, "=", AddressIn(list, id)));
    }
    return absl::StrJoin(entries, ",");
  }

 private:
  const std::string coordd_;
  Ports ports_;
  Processes processes_;
};

absl::Status CoorddStage::Start(uint64_t id, ListOf list) {
  const absl::StatusOr<std::string> home = processes_.Home(id);
  if (!home.ok()) return home.status();
  // Patient enough for a machine that has much else to do.
  std::vector<std::string> flags = {"--dir",
                                    absl::StrCat(*home, "/data"),
                                    "--id",
                                    absl::StrCat(id),
                                    "--listen",
                                    AddressOf(id),
                                    "--segment-bytes=4194304",
                                    "--heartbeat-ms=100",
                                    "--election-ms=1000",
                                    "--disk-stall-ms=30000"};
  for (std::string& flag : MembershipFlags(id, list)) {
    flags.push_back(std::move(flag));
  }
  ports_.Release(id);
  return processes_.Start(id, coordd_, flags);
}

View CoorddStage::Look(uint64_t id) {
  View view{.id = id};
  const std::string address = AddressOf(id);
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> client =
      ClientOf(address, kLookTimeout);
  if (!client.ok()) return view;
  const absl::StatusOr<coord::v1::StatusResponse> status =
      (*client)->Status(address);
  if (!status.ok()) return view;
  view.answers = true;
  view.role = status->role();
  view.serving = status->serving();
  view.epoch = status->epoch();
  return view;
}

absl::Status CoorddStage::Write(uint64_t id, const std::string& path,
                                const std::string& data,
                                absl::Duration timeout) {
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> client =
      ClientOf(AddressOf(id), timeout);
  if (!client.ok()) return client.status();
  return (*client)->Write(client::Create{.path = path, .data = data}).status();
}

absl::StatusOr<std::set<std::string>> CoorddStage::Find(
    uint64_t id, const std::vector<std::string>& paths,
    absl::Duration timeout) {
  const absl::StatusOr<std::unique_ptr<client::AdminClient>> client =
      ClientOf(AddressOf(id), timeout);
  if (!client.ok()) return client.status();
  std::set<std::string> found;
  for (const std::string& path : paths) {
    const absl::Status status =
        (*client)
            ->Read(client::Exists{path}, client::Consistency::kLinearizable)
            .status();
    if (status.ok()) {
      found.insert(path);
    } else if (!client::IsError(status, "NoNode")) {
      return status;
    }
  }
  return found;
}

class ListStage final : public CoorddStage {
 public:
  using CoorddStage::CoorddStage;

 private:
  std::vector<std::string> MembershipFlags(uint64_t,
                                           ListOf list) const override {
    return {"--unsafe-static-membership", ListText(list)};
  }
};

class RulesStage final : public CoorddStage {
 public:
  RulesStage(const std::string& directory, const std::string& coordd,
             Ports ports, const Patience& patience, Timeline& timeline)
      : CoorddStage(directory, coordd, std::move(ports)),
        patience_(patience),
        timeline_(timeline) {}

  Operator* admin() override {
    if (operator_ == nullptr) {
      std::vector<std::string> addresses;
      for (uint64_t id = 1; id <= kAllMembers; ++id) {
        addresses.push_back(AddressOf(id));
      }
      operator_ = MakeRulesOperator(addresses, patience_, timeline_);
    }
    return operator_.get();
  }

 private:
  std::vector<std::string> MembershipFlags(uint64_t id,
                                           ListOf list) const override;

  const Patience& patience_;
  Timeline& timeline_;
  std::unique_ptr<Operator> operator_;
};

std::vector<std::string> RulesStage::MembershipFlags(uint64_t id,
                                                     ListOf list) const {
  if (!IsNewcomer(id)) {
    std::vector<std::string> flags = {"--founders", ListText(list)};
    for (const std::string& limit : DrillLimits()) {
      flags.insert(flags.end(), {"--limit", limit});
    }
    return flags;
  }
  std::vector<std::string> seeds;
  for (uint64_t other = 1; other <= kAllMembers; ++other) {
    if (other != id) seeds.push_back(AddressIn(list, other));
  }
  return {"--join", absl::StrJoin(seeds, ",")};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Stage>> MakeListStage(
    const std::string& directory, const std::string& coordd) {
  absl::StatusOr<Ports> ports = Ports::Take(1);
  if (!ports.ok()) return ports.status();
  return std::make_unique<ListStage>(directory, coordd, *std::move(ports));
}

absl::StatusOr<std::unique_ptr<Stage>> MakeRulesStage(
    const std::string& directory, const std::string& coordd,
    const Patience& patience, Timeline& timeline) {
  absl::StatusOr<Ports> ports = Ports::Take(1);
  if (!ports.ok()) return ports.status();
  return std::make_unique<RulesStage>(directory, coordd, *std::move(ports),
                                      patience, timeline);
}

}  // namespace quorate::tools
