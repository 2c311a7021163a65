// PlainModel: a second opinion on the tree, as plain as can be.
//
// One map from paths to znodes, scanned whenever something must be counted; a
// multi works on a copy. It shares with the tree only the types of requests
// and answers: no code of path.h, acl.h, quota.h, tree.h or outstanding.h.

#ifndef QUORATE_COORD_TREE_TEST_PLAIN_MODEL_H_
#define QUORATE_COORD_TREE_TEST_PLAIN_MODEL_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coord/tree/error.h"
#include "coord/tree/request.h"
#include "coord/tree/stat.h"

namespace quorate::tree {

class PlainModel {
 public:
  struct Node {
    std::string data;
    Acl acl;
    Stat stat;  // cversion and num_children are worked out when asked for
    int32_t creations = 0;
  };

  struct Outcome {
    ErrorCode error = ErrorCode::kOk;
    std::vector<ErrorCode> op_errors;
    // Path, and Stat if there is one, of the request or of each op of a multi.
    std::vector<std::pair<std::string, Stat>> results;
    std::vector<std::pair<int, std::string>> events;  // type, path
  };

  struct Session {
    int32_t timeout_ms = 0;
    std::string password;
    int64_t last_request_id = 0;
    std::map<int64_t, Outcome> outcomes;  // not yet acked
  };

  PlainModel();

  // Checks and applies at once.
  Outcome Ask(const Request& request, Zxid zxid);

  bool Has(const std::string& path) const { return nodes_.contains(path); }
  const std::map<std::string, Node>& nodes() const { return nodes_; }
  const std::map<int64_t, Session>& sessions() const { return sessions_; }
  Stat StatOf(const std::string& path) const;
  std::vector<std::string> ChildrenOf(const std::string& path) const;
  // Sorted as text.
  std::vector<std::string> EphemeralsOf(int64_t session) const;

 private:
  ErrorCode Do(const Request& request, const CreateRequest& create);
  ErrorCode Do(const Request& request, const DeleteRequest& del);
  ErrorCode Do(const Request& request, const SetDataRequest& set);
  ErrorCode Do(const Request& request, const SetAclRequest& set);
  ErrorCode Do(const Request& request, const CheckRequest& check);
  ErrorCode Do(const Request& request, const MultiRequest& multi);
  ErrorCode Do(const Request& request, const DeleteRecursiveRequest& del);
  ErrorCode Do(const Request& request, const CreateSessionRequest& create);
  ErrorCode Do(const Request& request, const CloseSessionRequest&);
  ErrorCode Do(const Request& request, const DeleteContainerRequest& del);

  bool MayAsk(const Request& request) const;
  bool Allows(const Request& request, const std::string& path,
              uint32_t permission) const;
  bool OverQuota(const std::string& path, int64_t count, int64_t bytes) const;
  std::pair<int64_t, int64_t> Usage(const std::string& path) const;
  void DeleteOne(const std::string& path);
  void RefreshStats();

  std::map<std::string, Node> nodes_;
  std::map<int64_t, Session> sessions_;
  Zxid zxid_;
  Outcome outcome_;
};

}  // namespace quorate::tree

#endif  // QUORATE_COORD_TREE_TEST_PLAIN_MODEL_H_
