#include "tools/quorate/provision/contact.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coord/base/check.h"
#include "coord/client/admin.h"
#include "coord/client/error.h"
#include "coord/consensus/rule.h"
#include "proto/coord/v1/admin.pb.h"
#include "tools/quorate/provision/target.h"
#include "tools/quorate/provision/view.h"
#include "tools/quorate/text.h"

namespace quorate::tools {
namespace {

namespace v1 = coord::v1;

constexpr absl::Duration kPause = absl::Milliseconds(100);

void AddOnce(std::vector<std::string>& list, const std::string& address) {
  if (address.empty()) return;
  if (std::find(list.begin(), list.end(), address) == list.end()) {
    list.push_back(address);
  }
}

}  // namespace

EnsembleContact::EnsembleContact(Options options)
    : options_(std::move(options)), ensemble_id_(options_.ensemble_id) {}

absl::StatusOr<client::AdminClient*> EnsembleContact::ClientOf(
    const std::string& address) {
  std::unique_ptr<client::AdminClient>& client = clients_[address];
  if (client == nullptr) {
    absl::StatusOr<std::unique_ptr<client::AdminClient>> made =
        client::AdminClient::Create(
            {.endpoints = {address}, .timeout_ms = options_.timeout_ms});
    if (!made.ok()) return made.status();
    client = *std::move(made);
  }
  return client.get();
}

std::vector<std::string> EnsembleContact::Candidates() const {
  std::vector<std::string> candidates;
  AddOnce(candidates, leader_address_);
  for (const std::string& address : members_) AddOnce(candidates, address);
  for (const std::string& address : options_.endpoints) {
    AddOnce(candidates, address);
  }
  for (const std::string& address : options_.others) {
    AddOnce(candidates, address);
  }
  return candidates;
}

void EnsembleContact::Remember(const v1::MembersResponse& members) {
  ensemble_id_ = members.ensemble_id();
  members_.clear();
  for (const v1::MemberInfo& member : members.members()) {
    members_.push_back(member.address());
    if (member.id() == members.leader_id()) {
      leader_address_ = member.address();
    }
  }
}

absl::StatusOr<v1::MembersResponse> EnsembleContact::Look() {
  std::string tried;
  absl::Status foreign;
  for (const std::string& address : Candidates()) {
    const absl::StatusOr<client::AdminClient*> client = ClientOf(address);
    if (!client.ok()) return client.status();
    absl::StatusOr<v1::MembersResponse> members = (*client)->Members();
    const char* separator = tried.empty() ? "" : "; ";
    if (!members.ok()) {
      absl::StrAppend(&tried, separator, members.status().message());
    } else if (!members->from_leader()) {
      absl::StrAppend(&tried, separator, address, ": knows no leader");
    } else if (!ensemble_id_.empty() &&
               members->ensemble_id() != ensemble_id_) {
      foreign =
          RuleError(consensus::Rule::kEnsembleId,
                    absl::StrCat("the members at ", address, " are ensemble ",
                                 FormatId(members->ensemble_id()),
                                 ", and meant is ", FormatId(ensemble_id_)));
    } else {
      Remember(*members);
      return members;
    }
  }
  if (!foreign.ok()) return foreign;
  return absl::UnavailableError(absl::StrCat("no leader answers: ", tried));
}

absl::StatusOr<v1::MembersResponse> EnsembleContact::AwaitLeader(
    absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    absl::StatusOr<v1::MembersResponse> members = Look();
    if (members.ok() || client::ErrorInfoOf(members.status()) ||
        absl::Now() >= deadline) {
      return members;
    }
    absl::SleepFor(kPause);
  }
}

absl::StatusOr<v1::ChangeMembershipResponse> EnsembleContact::Change(
    const v1::ChangeMembershipRequest& request) {
  QUORATE_CHECK(!leader_address_.empty());
  const absl::StatusOr<client::AdminClient*> client = ClientOf(leader_address_);
  if (!client.ok()) return client.status();
  return (*client)->ChangeMembership(request);
}

absl::StatusOr<v1::ChangeStateResponse> EnsembleContact::StateOfChange(
    uint64_t change_id) {
  QUORATE_CHECK(!leader_address_.empty());
  const absl::StatusOr<client::AdminClient*> client = ClientOf(leader_address_);
  if (!client.ok()) return client.status();
  return (*client)->ChangeState(change_id);
}

absl::Status EnsembleContact::TransferLeadership(uint64_t target_id) {
  QUORATE_CHECK(!leader_address_.empty());
  const absl::StatusOr<client::AdminClient*> client = ClientOf(leader_address_);
  if (!client.ok()) return client.status();
  return (*client)->TransferLeadership(target_id);
}

absl::StatusOr<v1::CanStopResponse> EnsembleContact::CanStop(
    uint64_t member_id) {
  QUORATE_CHECK(!leader_address_.empty());
  const absl::StatusOr<client::AdminClient*> client = ClientOf(leader_address_);
  if (!client.ok()) return client.status();
  return (*client)->CanStop(member_id);
}

absl::StatusOr<v1::StatusResponse> EnsembleContact::Ask(
    const std::string& address) {
  const absl::StatusOr<client::AdminClient*> client = ClientOf(address);
  if (!client.ok()) return client.status();
  return (*client)->Status(address);
}

Answers EnsembleContact::AskAll(const std::vector<std::string>& addresses) {
  std::vector<absl::StatusOr<v1::StatusResponse>> found(
      addresses.size(), absl::UnknownError("not asked"));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const absl::StatusOr<client::AdminClient*> client = ClientOf(addresses[i]);
    if (!client.ok()) {
      found[i] = client.status();
      continue;
    }
    threads.emplace_back([&found, &addresses, i, client = *client] {
      found[i] = client->Status(addresses[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Answers answers;
  for (size_t i = 0; i < addresses.size(); ++i) {
    answers.emplace(addresses[i], std::move(found[i]));
  }
  return answers;
}

}  // namespace quorate::tools
