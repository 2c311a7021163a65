#include "tests/simulation/ensemble/history.h"

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "coord/consensus/zxid.h"
#include "coord/replica/client_message.h"
#include "coord/tree/request.h"

namespace quorate::simulation {
namespace {

using consensus::ToString;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string DescribeBody(const tree::RequestBody& body) {
  static constexpr const char* kNames[] = {
      "create",           "delete",         "set data",
      "set ACL",          "check",          "multi",
      "delete tree",      "create session", "close",
      "delete container", "unknown request"};
  std::string text = kNames[body.index()];
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { request.path; }) {
          absl::StrAppend(&text, " ", request.path);
        }
        if constexpr (requires { request.mode; }) {
          absl::StrAppend(&text, " mode=", static_cast<int>(request.mode));
        }
        if constexpr (requires { request.version; }) {
          absl::StrAppend(&text, " version=", request.version);
        }
        if constexpr (requires { request.data; }) {
          absl::StrAppend(&text, " data=", request.data.substr(0, 20));
        }
        if constexpr (requires { request.ops; }) {
          absl::StrAppend(&text, " ops=", request.ops.size());
        }
      },
      body);
  return text;
}

std::string DescribeQuery(const replica::ReadRequest& read) {
  static constexpr const char* kNames[] = {
      "get data",          "exists",         "get children", "get ACL",
      "count descendants", "get ephemerals", "multi-read",   "sync"};
  std::string text =
      absl::StrCat(read.local ? "local " : "", kNames[read.query.index()]);
  std::visit(
      [&](const auto& query) {
        if constexpr (requires { query.path; }) {
          absl::StrAppend(&text, " ", query.path);
        }
        if constexpr (requires { query.watch; }) {
          if (query.watch) absl::StrAppend(&text, " watch");
        }
      },
      read.query);
  return text;
}

}  // namespace

int History::AddOp(OpRecord op) {
  ops.push_back(std::move(op));
  return static_cast<int>(ops.size()) - 1;
}

int History::AddConnection(ConnectionRecord connection) {
  connection.opened = next_sequence++;
  connections.push_back(std::move(connection));
  return static_cast<int>(connections.size()) - 1;
}

int History::Submit(int op, int connection, int64_t tag, Micros now) {
  const int index = static_cast<int>(submissions.size());
  submissions.push_back({.op = op,
                         .connection = connection,
                         .tag = tag,
                         .sequence = next_sequence++,
                         .at = now});
  ops[static_cast<size_t>(op)].submissions.push_back(index);
  connections[static_cast<size_t>(connection)].submissions.push_back(index);
  return index;
}

int History::Hear(int connection, replica::ServerMessage message, Micros now) {
  ConnectionRecord& record = connections[static_cast<size_t>(connection)];
  record.heard.push_back({next_sequence++, now, std::move(message)});
  return static_cast<int>(record.heard.size()) - 1;
}

const replica::Reply* History::ReplyOf(
    const SubmissionRecord& submission) const {
  if (submission.answer < 0) return nullptr;
  return std::get_if<replica::Reply>(
      &connections[static_cast<size_t>(submission.connection)]
           .heard[static_cast<size_t>(submission.answer)]
           .message);
}

const replica::Reply* History::OutcomeOf(const OpRecord& op) const {
  const replica::Reply* outcome = nullptr;
  for (const int submission : op.submissions) {
    const replica::Reply* reply =
        ReplyOf(submissions[static_cast<size_t>(submission)]);
    if (reply != nullptr && !reply->not_taken) outcome = reply;
  }
  return outcome;
}

consensus::Zxid ZxidOf(const replica::ServerMessage& message) {
  return std::visit(
      [](const auto& each) {
        if constexpr (requires { each.zxid; }) {
          return each.zxid;
        } else {
          return consensus::Zxid();
        }
      },
      message);
}

std::string Describe(const replica::ClientRequest& request) {
  return absl::StrCat(
      "#", request.tag, " ",
      std::visit(
          Overloaded{[](const replica::WriteRequest& write) {
                       return absl::StrCat("write ", write.request_id, " ",
                                           DescribeBody(write.body));
                     },
                     [](const replica::ReadRequest& read) {
                       return DescribeQuery(read);
                     },
                     [](const replica::AddWatch& watch) {
                       return absl::StrCat(
                           "watch ", watch.path,
                           " kind=", static_cast<int>(watch.kind),
                           watch.resume_after.has_value()
                               ? absl::StrCat(" after=",
                                              ToString(*watch.resume_after))
                               : "");
                     },
                     [](const replica::RemoveWatch& watch) {
                       return absl::StrCat("remove watch ", watch.path);
                     },
                     [](const replica::AddIdentity&) {
                       return std::string("add identity");
                     },
                     [](const replica::Ping&) { return std::string("ping"); }},
          request.body));
}

std::string Describe(const replica::ServerMessage& message) {
  return std::visit(
      Overloaded{
          [](const replica::Welcome& welcome) {
            return absl::StrCat("welcome session=", welcome.session.value,
                                " zxid=", ToString(welcome.zxid),
                                " last=", welcome.last_request_id);
          },
          [](const replica::Reply& reply) {
            return absl::StrCat(
                "reply #", reply.tag, " zxid=", ToString(reply.zxid), " ",
                reply.status.ToString(), reply.not_taken ? " not taken" : "");
          },
          [](const replica::WatchEvent& event) {
            return absl::StrCat("event ", static_cast<int>(event.type), " ",
                                event.path, " zxid=", ToString(event.zxid),
                                event.gap ? " gap" : "");
          },
          [](const replica::Goodbye& goodbye) {
            return absl::StrCat("goodbye ", goodbye.status.ToString());
          }},
      message);
}

}  // namespace quorate::simulation
