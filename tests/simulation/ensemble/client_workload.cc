#include "tests/simulation/ensemble/client_workload.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coord/replica/client_message.h"
#include "coord/tree/acl.h"
#include "coord/tree/request.h"
#include "coord/tree/watches.h"

namespace quorate::simulation {

using tree::CreateMode;
using tree::CreateRequest;
using tree::WatchKind;

namespace {

constexpr size_t kMostSeenChildren = 20;

}  // namespace

std::string ClientWorkload::Value() {
  std::string value = absl::StrCat("c", client_, ".", ++values_, ".");
  // Some that are long, so that logs and snapshots have something to do.
  if (random_.Below(8) == 0) value.append(random_.Below(400), 'x');
  return value;
}

std::string ClientWorkload::Register() {
  return absl::StrCat("/r", random_.Below(4));
}

std::string ClientWorkload::Child() {
  return absl::StrCat(Register(), "/k", random_.Below(3));
}

std::string ClientWorkload::AnyPath() {
  static constexpr const char* kFixed[] = {"/", "/q", "/e", "/c", "/t"};
  if (random_.Below(5) == 0) return kFixed[random_.Below(5)];
  if (!seen_children_.empty() && random_.Below(5) == 0) {
    return seen_children_[random_.Below(seen_children_.size())];
  }
  return random_.Below(2) == 0 ? Register() : Child();
}

void ClientWorkload::Saw(const std::string& path, int32_t version) {
  seen_path_ = path;
  seen_version_ = version;
}

void ClientWorkload::SawChildren(const std::string& parent,
                                 const std::vector<std::string>& names) {
  if (parent == "/") return;
  for (const std::string& name : names) {
    seen_children_.push_back(absl::StrCat(parent, "/", name));
  }
  if (seen_children_.size() <= kMostSeenChildren) return;
  seen_children_.erase(seen_children_.begin(),
                       seen_children_.end() - kMostSeenChildren);
}

CreateRequest ClientWorkload::Create(std::string path, CreateMode mode) {
  CreateRequest create;
  create.path = std::move(path);
  create.data = Value();
  create.acl = tree::OpenAcl();
  create.mode = mode;
  return create;
}

std::vector<std::string> ClientWorkload::Foundations() {
  return {"/q", "/e", "/c", "/t"};
}

CreateRequest ClientWorkload::Foundation(const std::string& path) {
  return Create(path, CreateMode::kPersistent);
}

CreateRequest ClientWorkload::Sequential() {
  const bool ephemeral = random_.Below(4) != 0;
  return Create("/q/n-", ephemeral ? CreateMode::kEphemeralSequential
                                   : CreateMode::kPersistentSequential);
}

tree::DeleteRequest ClientWorkload::Delete() {
  tree::DeleteRequest request;
  request.path = random_.Below(3) == 0 ? Register() : Child();
  if (!seen_children_.empty() && random_.Below(2) == 0) {
    const size_t which = random_.Below(seen_children_.size());
    request.path = seen_children_[which];
    seen_children_.erase(seen_children_.begin() +
                         static_cast<std::ptrdiff_t>(which));
  }
  if (random_.Below(6) == 0) {
    request.version = static_cast<int32_t>(random_.Below(3));
  }
  return request;
}

tree::SetDataRequest ClientWorkload::Set() {
  tree::SetDataRequest request;
  request.path = random_.Below(4) == 0 ? Child() : Register();
  if (!seen_path_.empty() && random_.Below(3) == 0) {
    request.path = seen_path_;
    request.version = seen_version_;
  }
  request.data = Value();
  return request;
}

tree::MultiRequest ClientWorkload::Multi() {
  tree::MultiRequest multi;
  const uint64_t count = 1 + random_.Below(4);
  for (uint64_t i = 0; i < count; ++i) {
    switch (random_.Below(5)) {
      case 0:
        multi.ops.emplace_back(Create(Child(), CreateMode::kPersistent));
        break;
      case 1:
        multi.ops.emplace_back(Sequential());
        break;
      case 2:
        multi.ops.emplace_back(Delete());
        break;
      case 3:
        multi.ops.emplace_back(
            tree::CheckRequest{Register(), tree::kAnyVersion});
        break;
      default:
        multi.ops.emplace_back(Set());
        break;
    }
  }
  return multi;
}

tree::RequestBody ClientWorkload::Write() {
  const uint64_t kind = random_.Below(100);
  if (kind < 14) return Create(Register(), CreateMode::kPersistent);
  if (kind < 26) return Create(Child(), CreateMode::kPersistent);
  if (kind < 34) {
    return Create(absl::StrCat("/e/x", random_.Below(4)),
                  CreateMode::kEphemeral);
  }
  if (kind < 46) return Sequential();
  if (kind < 60) return Delete();
  if (kind < 84) return Set();
  if (kind < 87) return tree::SetAclRequest{Register(), tree::OpenAcl(), -1};
  if (kind < 89) return tree::CheckRequest{Register(), -1};
  if (kind < 95) return Multi();
  if (kind < 96) return tree::DeleteRecursiveRequest{Register()};
  if (kind < 98) {
    const std::string path = absl::StrCat("/c/n", random_.Below(2));
    return random_.Below(2) == 0 ? Create(path, CreateMode::kContainer)
                                 : Create(path + "/x", CreateMode::kEphemeral);
  }
  CreateRequest create = Create(absl::StrCat("/t/n", random_.Below(3)),
                                CreateMode::kPersistentWithTtl);
  create.ttl_ms = random_.Between(200, 3'000);
  return create;
}

tree::RequestBody ClientWorkload::LoneWrite() {
  switch (random_.Below(4)) {
    case 0:
      return Create(Child(), CreateMode::kPersistent);
    case 1:
      return Create("/q/n-", CreateMode::kPersistentSequential);
    default:
      return Set();
  }
}

replica::ReadRequest ClientWorkload::Read(bool may_watch) {
  replica::ReadRequest read;
  read.local = random_.Below(2) == 0;
  const bool watch = may_watch && random_.Below(5) == 0;
  const uint64_t kind = random_.Below(100);
  if (kind < 40) {
    read.query = replica::GetData{AnyPath(), watch};
  } else if (kind < 55) {
    read.query = replica::Exists{AnyPath(), watch};
  } else if (kind < 78) {
    read.query = replica::GetChildren{AnyPath(), watch};
  } else if (kind < 82) {
    read.query = replica::GetAcl{AnyPath()};
  } else if (kind < 86) {
    read.query = replica::CountDescendants{AnyPath()};
  } else if (kind < 90 && may_watch) {
    read.query = replica::GetEphemerals{random_.Below(2) == 0 ? "/e" : ""};
  } else if (kind < 95) {
    replica::MultiRead multi;
    multi.ops.push_back({tree::ReadOp::Kind::kGetData, AnyPath()});
    multi.ops.push_back({tree::ReadOp::Kind::kGetChildren, AnyPath()});
    read.query = std::move(multi);
  } else {
    read.query = replica::Sync();
    read.local = false;
  }
  return read;
}

replica::AddWatch ClientWorkload::Watch() {
  replica::AddWatch watch;
  static constexpr WatchKind kKinds[] = {
      WatchKind::kPersistent, WatchKind::kPersistent, WatchKind::kRecursive,
      WatchKind::kData, WatchKind::kChild};
  watch.kind = kKinds[random_.Below(5)];
  watch.path = AnyPath();
  return watch;
}

}  // namespace quorate::simulation
