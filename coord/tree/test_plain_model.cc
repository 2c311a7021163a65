#include "coord/tree/test_plain_model.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quorate::tree {
namespace {

const std::set<std::string>& Reserved() {
  static const auto* const kReserved = new std::set<std::string>{
      "/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"};
  return *kReserved;
}

constexpr int64_t kContainer = std::numeric_limits<int64_t>::min();

bool IsTtl(int64_t owner) { return (owner >> 56) == -1; }
bool IsEphemeral(int64_t owner) {
  return owner != 0 && owner != kContainer && !IsTtl(owner);
}

std::string Parent(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return "none";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Good enough for what the test makes up: ASCII.
bool IsValid(const std::string& path) {
  if (path == "/") return true;
  if (path.empty() || path[0] != '/' || path.back() == '/') return false;
  for (const char* bad : {"//", "/./", "/../"}) {
    if ((path + "/").find(bad) != std::string::npos) return false;
  }
  return std::all_of(path.begin(), path.end(),
                     [](char c) { return c >= ' ' && c < 0x7f; });
}

std::string Below(const std::string& path) {
  return path == "/" ? "/" : path + "/";
}

// The number behind `key` in the data of a quota's limits; -1: none.
int64_t LimitIn(const std::string& text, const std::string& key) {
  const auto at = text.find(key + "=");
  return at == std::string::npos ? -1
                                 : std::stoll(text.substr(at + key.size() + 1));
}

}  // namespace

PlainModel::PlainModel() {
  for (const std::string& path : Reserved()) {
    const uint32_t permissions = path == "/zookeeper/config" ? 1 : 31;
    nodes_[path].acl = {{permissions, {"world", "anyone"}}};
  }
}

PlainModel::Outcome PlainModel::Ask(const Request& request, Zxid zxid) {
  zxid_ = zxid;
  outcome_ = {};
  outcome_.error = std::visit(
      [&](const auto& body) { return Do(request, body); }, request.body);
  if (outcome_.error != ErrorCode::kOk) {
    outcome_.results.clear();
    outcome_.events.clear();
  } else {
    RefreshStats();
  }
  const auto session = sessions_.find(request.session.value);
  if (session != sessions_.end() && request.request_id > 0 &&
      !std::holds_alternative<CreateSessionRequest>(request.body)) {
    session->second.last_request_id = request.request_id;
    auto& outcomes = session->second.outcomes;
    outcomes.erase(outcomes.begin(),
                   outcomes.upper_bound(request.acked_through));
    outcomes[request.request_id] = outcome_;
  }
  return std::exchange(outcome_, {});
}

Stat PlainModel::StatOf(const std::string& path) const {
  const Node& node = nodes_.at(path);
  Stat stat = node.stat;
  stat.data_length = static_cast<int32_t>(node.data.size());
  stat.num_children = static_cast<int32_t>(ChildrenOf(path).size());
  stat.cversion = 2 * node.creations - stat.num_children;
  return stat;
}

std::vector<std::string> PlainModel::ChildrenOf(const std::string& path) const {
  std::vector<std::string> names;
  for (const auto& [each, node] : nodes_) {
    if (each == "/" || Parent(each) != path) continue;
    names.push_back(each.substr(each.rfind('/') + 1));
  }
  return names;
}

std::vector<std::string> PlainModel::EphemeralsOf(int64_t session) const {
  std::vector<std::string> paths;
  for (const auto& [path, node] : nodes_) {
    if (node.stat.ephemeral_owner == session) paths.push_back(path);
  }
  return paths;
}

ErrorCode PlainModel::Do(const Request& request, const CreateRequest& create) {
  const int mode = static_cast<int>(create.mode);
  const bool ttl = mode >= 5;
  if (ttl ? create.ttl_ms <= 0 || create.ttl_ms >= int64_t{1} << 40
          : create.ttl_ms >= 0) {
    return ErrorCode::kBadArguments;
  }
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if ((mode == 1 || mode == 3) && request.session.value == 0) {
    return ErrorCode::kBadArguments;
  }
  if (create.path.find('/') == std::string::npos ||
      create.path.find('\0') != std::string::npos) {
    return ErrorCode::kBadArguments;
  }
  // The test uses world and digest entries and the empty ACL only.
  if (create.acl.empty()) return ErrorCode::kInvalidAcl;
  const std::string parent = Parent(create.path);
  if (!Has(parent)) return ErrorCode::kNoNode;
  if (!Allows(request, parent, 4)) return ErrorCode::kNoAuth;
  std::string path = create.path;
  if (mode == 2 || mode == 3 || mode == 6) {
    const std::string number = std::to_string(nodes_[parent].creations);
    path += std::string(10 - number.size(), '0') + number;
  }
  if (!IsValid(path)) return ErrorCode::kBadArguments;
  if (Has(path)) return ErrorCode::kNodeExists;
  if (IsEphemeral(nodes_[parent].stat.ephemeral_owner)) {
    return ErrorCode::kNoChildrenForEphemerals;
  }
  const auto size = static_cast<int64_t>(create.data.size());
  if (OverQuota(path, 1, size)) return ErrorCode::kQuotaExceeded;

  Node& node = nodes_[path];
  node.data = create.data;
  node.acl = create.acl;
  node.stat.czxid = node.stat.mzxid = node.stat.pzxid = zxid_;
  node.stat.ctime_ms = node.stat.mtime_ms = request.time_ms;
  if (ttl) {
    node.stat.ephemeral_owner =
        static_cast<int64_t>(uint64_t{0xff} << 56) + create.ttl_ms;
  }
  if (mode == 4) node.stat.ephemeral_owner = kContainer;
  if (mode == 1 || mode == 3) {
    node.stat.ephemeral_owner = request.session.value;
  }
  ++nodes_[parent].creations;
  nodes_[parent].stat.pzxid = zxid_;
  RefreshStats();
  outcome_.results.emplace_back(path, StatOf(path));
  outcome_.events.emplace_back(1, path);
  outcome_.events.emplace_back(4, parent);
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request, const DeleteRequest& del) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (del.path.find('/') == std::string::npos ||
      Reserved().contains(del.path)) {
    return ErrorCode::kBadArguments;
  }
  if (!Has(Parent(del.path))) return ErrorCode::kNoNode;
  if (!Allows(request, Parent(del.path), 8)) return ErrorCode::kNoAuth;
  if (!Has(del.path)) return ErrorCode::kNoNode;
  const Stat stat = StatOf(del.path);
  if (del.version != -1 && del.version != stat.version) {
    return ErrorCode::kBadVersion;
  }
  if (stat.num_children > 0) return ErrorCode::kNotEmpty;
  DeleteOne(del.path);
  outcome_.results.emplace_back(del.path, Stat());
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request, const SetDataRequest& set) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (!IsValid(set.path)) return ErrorCode::kBadArguments;
  if (!Has(set.path)) return ErrorCode::kNoNode;
  if (!Allows(request, set.path, 2)) return ErrorCode::kNoAuth;
  Node& node = nodes_[set.path];
  if (OverQuota(set.path, 0,
                static_cast<int64_t>(set.data.size()) -
                    static_cast<int64_t>(node.data.size()))) {
    return ErrorCode::kQuotaExceeded;
  }
  if (set.version != -1 && set.version != node.stat.version) {
    return ErrorCode::kBadVersion;
  }
  node.data = set.data;
  ++node.stat.version;
  node.stat.mzxid = zxid_;
  node.stat.mtime_ms = request.time_ms;
  RefreshStats();
  outcome_.results.emplace_back(set.path, StatOf(set.path));
  outcome_.events.emplace_back(3, set.path);
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request, const SetAclRequest& set) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (!IsValid(set.path)) return ErrorCode::kBadArguments;
  if (set.acl.empty()) return ErrorCode::kInvalidAcl;
  if (!Has(set.path)) return ErrorCode::kNoNode;
  if (!Allows(request, set.path, 16)) return ErrorCode::kNoAuth;
  Node& node = nodes_[set.path];
  if (set.version != -1 && set.version != node.stat.aversion) {
    return ErrorCode::kBadVersion;
  }
  node.acl = set.acl;
  ++node.stat.aversion;
  outcome_.results.emplace_back(set.path, StatOf(set.path));
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request, const CheckRequest& check) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (!IsValid(check.path)) return ErrorCode::kBadArguments;
  if (!Has(check.path)) return ErrorCode::kNoNode;
  if (!Allows(request, check.path, 1)) return ErrorCode::kNoAuth;
  if (check.version != -1 && check.version != nodes_[check.path].stat.version) {
    return ErrorCode::kBadVersion;
  }
  outcome_.results.emplace_back(check.path, Stat());
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request, const MultiRequest& multi) {
  if (multi.ops.empty() && !MayAsk(request)) return ErrorCode::kSessionExpired;
  const std::map<std::string, Node> before = nodes_;
  for (size_t i = 0; i < multi.ops.size(); ++i) {
    const ErrorCode error = std::visit(
        [&](const auto& op) { return Do(request, op); }, multi.ops[i]);
    if (error == ErrorCode::kOk) continue;
    nodes_ = before;
    outcome_.op_errors.assign(i, ErrorCode::kOk);
    outcome_.op_errors.push_back(error);
    outcome_.op_errors.resize(multi.ops.size(),
                              ErrorCode::kRuntimeInconsistency);
    return error;
  }
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request,
                         const DeleteRecursiveRequest& del) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (del.path.find('/') == std::string::npos ||
      Reserved().contains(del.path)) {
    return ErrorCode::kBadArguments;
  }
  if (!Has(Parent(del.path))) return ErrorCode::kNoNode;
  if (!Allows(request, Parent(del.path), 8)) return ErrorCode::kNoAuth;
  if (!Has(del.path)) return ErrorCode::kNoNode;
  for (const auto& [path, node] : nodes_) {
    if ((path == del.path || path.starts_with(del.path + "/")) &&
        !ChildrenOf(path).empty() && !Allows(request, path, 8)) {
      return ErrorCode::kNoAuth;
    }
  }
  // Leaves first, of these always the last by names.
  std::string path = del.path;
  while (Has(del.path)) {
    const std::vector<std::string> children = ChildrenOf(path);
    if (!children.empty()) {
      path += "/" + children.back();
    } else {
      DeleteOne(path);
      path = Parent(path);
    }
  }
  outcome_.results.emplace_back(del.path, Stat());
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request,
                         const CreateSessionRequest& create) {
  if (request.session.value == 0) return ErrorCode::kBadArguments;
  Session session;
  session.timeout_ms = create.timeout_ms;
  session.password = create.password;
  const bool is_new =
      sessions_.emplace(request.session.value, std::move(session)).second;
  return is_new ? ErrorCode::kOk : ErrorCode::kBadArguments;
}

ErrorCode PlainModel::Do(const Request& request, const CloseSessionRequest&) {
  if (sessions_.erase(request.session.value) == 0) {
    return ErrorCode::kSessionExpired;
  }
  std::vector<std::string> paths = EphemeralsOf(request.session.value);
  // In the tree's order "/" is the lowest character.
  std::sort(paths.begin(), paths.end(), [](std::string a, std::string b) {
    std::replace(a.begin(), a.end(), '/', '\1');
    std::replace(b.begin(), b.end(), '/', '\1');
    return a < b;
  });
  for (const std::string& path : paths) DeleteOne(path);
  return ErrorCode::kOk;
}

ErrorCode PlainModel::Do(const Request& request,
                         const DeleteContainerRequest& del) {
  if (!MayAsk(request)) return ErrorCode::kSessionExpired;
  if (del.path.find('/') == std::string::npos ||
      Reserved().contains(del.path)) {
    return ErrorCode::kBadArguments;
  }
  if (!Has(del.path)) return ErrorCode::kNoNode;
  if (!ChildrenOf(del.path).empty()) return ErrorCode::kNotEmpty;
  const Node& node = nodes_[del.path];
  const int64_t owner = node.stat.ephemeral_owner;
  const int64_t age = request.time_ms - node.stat.mtime_ms;
  const bool due =
      owner == kContainer
          ? node.creations > 0
          : IsTtl(owner) && age >= (owner & ((int64_t{1} << 40) - 1));
  if (!due) return ErrorCode::kBadVersion;
  DeleteOne(del.path);
  outcome_.results.emplace_back(del.path, Stat());
  return ErrorCode::kOk;
}

bool PlainModel::MayAsk(const Request& request) const {
  return request.session.value == 0 ||
         sessions_.contains(request.session.value);
}

bool PlainModel::Allows(const Request& request, const std::string& path,
                        uint32_t permission) const {
  for (const AclEntry& entry : nodes_.at(path).acl) {
    if (!(entry.permissions & permission)) continue;
    if (entry.identity.scheme == "world") return true;
    for (const Identity& identity : request.identities) {
      if (identity == entry.identity) return true;
    }
  }
  return false;
}

bool PlainModel::OverQuota(const std::string& path, int64_t count,
                           int64_t bytes) const {
  if ((path + "/").starts_with("/zookeeper/")) return false;
  for (std::string at = path; at != "/"; at = Parent(at)) {
    const auto limits =
        nodes_.find("/zookeeper/quota" + at + "/zookeeper_limits");
    if (limits == nodes_.end()) continue;
    const auto [used_count, used_bytes] = Usage(at);
    const int64_t max_count = LimitIn(limits->second.data, "countHardLimit");
    const int64_t max_bytes = LimitIn(limits->second.data, "byteHardLimit");
    if (count != 0 && max_count >= 0 && used_count + count > max_count) {
      return true;
    }
    if (bytes != 0 && max_bytes >= 0 && used_bytes + bytes > max_bytes) {
      return true;
    }
  }
  return false;
}

std::pair<int64_t, int64_t> PlainModel::Usage(const std::string& path) const {
  int64_t count = 0;
  int64_t bytes = 0;
  for (const auto& [each, node] : nodes_) {
    if (each != path && !each.starts_with(Below(path))) continue;
    ++count;
    bytes += static_cast<int64_t>(node.data.size());
  }
  return {count, bytes};
}

void PlainModel::DeleteOne(const std::string& path) {
  nodes_.erase(path);
  nodes_[Parent(path)].stat.pzxid = zxid_;
  RefreshStats();
  outcome_.events.emplace_back(2, path);
  outcome_.events.emplace_back(4, Parent(path));
}

void PlainModel::RefreshStats() {
  const std::string prefix = "/zookeeper/quota";
  for (auto& [path, node] : nodes_) {
    if (!path.starts_with(prefix) || !path.ends_with("/zookeeper_stats")) {
      continue;
    }
    const std::string quota = Parent(path);
    const std::string of = quota.substr(prefix.size());
    if (of.empty() || (of + "/").starts_with("/zookeeper/") ||
        !Has(quota + "/zookeeper_limits")) {
      continue;
    }
    const auto [count, bytes] = Usage(of);
    node.data =
        "count=" + std::to_string(count) + ",bytes=" + std::to_string(bytes);
  }
}

}  // namespace quorate::tree
