#include "coord/replica/txn_bound.h"

#include <algorithm>
#include <cstddef>
#include <variant>
#include <vector>

#include "coord/tree/acl.h"
#include "coord/tree/path.h"
#include "coord/tree/request.h"
#include "coord/tree/txn.h"

namespace quorate::replica {
namespace {

// Version, kind, and the four numbers that every txn has.
constexpr size_t kHeadBytes = 64;
constexpr size_t kLengthBytes = 4;
constexpr size_t kNumberBytes = 8;
// What a sequence number adds to a path.
constexpr size_t kSequenceBytes = 16;

class Sizer {
 public:
  explicit Sizer(const std::vector<tree::Identity>& requester) {
    for (const tree::Identity& identity : requester) {
      requester_bytes_ += EntryBytes(identity);
    }
  }

  size_t operator()(const tree::CreateRequest& create) const {
    return PathBytes(create) + kSequenceBytes + kLengthBytes +
           create.data.size() + AclBytes(create.acl) + kNumberBytes;
  }
  size_t operator()(const tree::SetDataRequest& set) const {
    return PathBytes(set) + kLengthBytes + set.data.size() + kNumberBytes;
  }
  size_t operator()(const tree::SetAclRequest& set) const {
    return PathBytes(set) + AclBytes(set.acl) + kNumberBytes;
  }
  size_t operator()(const tree::MultiRequest& multi) const {
    size_t bytes = kLengthBytes;
    for (const tree::MultiOpRequest& op : multi.ops) {
      bytes += 1 + std::visit(*this, op);
    }
    return bytes;
  }
  size_t operator()(const tree::CreateSessionRequest& create) const {
    return kNumberBytes + kLengthBytes + create.password.size();
  }
  size_t operator()(const tree::CloseSessionRequest&) const { return 0; }
  template <typename WithPath>
  size_t operator()(const WithPath& request) const {
    return PathBytes(request) + kNumberBytes;
  }

 private:
  static size_t EntryBytes(const tree::Identity& identity) {
    return 3 * kLengthBytes + identity.scheme.size() + identity.id.size();
  }

  template <typename WithPath>
  static size_t PathBytes(const WithPath& request) {
    return kLengthBytes + request.path.size();
  }

  // "auth" stands for all that the requester has proved.
  size_t AclBytes(const tree::Acl& acl) const {
    size_t bytes = kLengthBytes;
    for (const tree::AclEntry& entry : acl) {
      bytes += EntryBytes(entry.identity);
      if (entry.identity.scheme == "auth") bytes += requester_bytes_;
    }
    return bytes;
  }

  size_t requester_bytes_ = 0;
};

size_t ErrorBytes(const tree::Request& request) {
  const auto* multi = std::get_if<tree::MultiRequest>(&request.body);
  const size_t ops = multi != nullptr ? multi->ops.size() : 0;
  return 4 * kLengthBytes + tree::kMaxErrorMessageBytes + tree::kMaxPathBytes +
         kLengthBytes * ops;
}

}  // namespace

size_t TxnSizeBound(const tree::Request& request) {
  return kHeadBytes +
         std::max(std::visit(Sizer(request.identities), request.body),
                  ErrorBytes(request));
}

}  // namespace quorate::replica
