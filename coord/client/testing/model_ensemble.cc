#include "coord/client/testing/model_ensemble.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/check.h"
#include "coord/base/seeded_random.h"
#include "proto/coord/v1/coord.pb.h"

namespace quorate::client {
namespace {

namespace v1 = coord::v1;

constexpr char kEnsemble[] = "0123456789abcdef";
constexpr int32_t kTimeoutMs = 3'000;

}  // namespace

void ModelEnsemble::Connect(size_t member) {
  Disconnect();
  connected_ = true;
  member_ = member;
}

void ModelEnsemble::Disconnect() {
  // What is on its way, either way, is lost.
  connected_ = false;
  greeted_ = false;
  watches_.clear();
  in_.clear();
  out_.clear();
}

void ModelEnsemble::Send(const v1::ClientFrame& frame) {
  QUORATE_CHECK(connected_);
  // One request each, so that a break can come between any two.
  if (frame.has_hello())
    in_.emplace_back().mutable_hello()->CopyFrom(frame.hello());
  for (const v1::Request& request : frame.requests()) {
    in_.emplace_back().add_requests()->CopyFrom(request);
  }
}

void ModelEnsemble::Work(int64_t now_ms) {
  if (in_.empty()) return;
  const v1::ClientFrame frame = in_.front();
  in_.pop_front();
  if (frame.has_hello()) {
    Greet(frame.hello(), now_ms);
  } else if (greeted_) {
    Answer(frame.requests(0), now_ms);
  }
}

void ModelEnsemble::SayGoodbye(const char* kind) {
  v1::Goodbye* goodbye = out_.emplace_back().mutable_goodbye();
  goodbye->mutable_error()->set_kind(kind);
  goodbye->mutable_error()->set_code(14);
}

void ModelEnsemble::Greet(const v1::Hello& hello, int64_t now_ms) {
  QUORATE_CHECK(!greeted_);
  if (random_.Chance(trouble_)) return SayGoodbye("NoLeader");
  if (hello.pin().highest_zxid() > applied_[member_]) {
    if (random_.Chance(500'000)) CatchUp(member_, log_.size());
    if (hello.pin().highest_zxid() > applied_[member_]) {
      // Either side may notice it.
      if (random_.Chance(500'000)) return SayGoodbye("Pinned");
    }
  }
  if (hello.session_id() == 0) {
    session_ = Session();
    session_.is_open = true;
    session_.password = hello.password();
    ++sessions_;
  } else {
    QUORATE_CHECK(hello.session_id() == sessions_);
    QUORATE_CHECK(hello.password() == session_.password);
    if (!session_.is_open) return SayGoodbye("SessionExpired");
  }
  session_.heard_ms = now_ms;
  greeted_ = true;
  v1::Welcome* welcome = out_.emplace_back().mutable_welcome();
  welcome->set_ensemble_id(kEnsemble);
  welcome->set_member_id(member_ + 1);
  welcome->set_session_id(sessions_);
  welcome->set_timeout_ms(kTimeoutMs);
  welcome->set_zxid(applied_[member_]);
  welcome->set_last_request_id(session_.last_request_id);
  welcome->set_max_outstanding(8);
}

void ModelEnsemble::Answer(const v1::Request& request, int64_t now_ms) {
  v1::ServerMessage message;
  v1::Reply& reply = *message.mutable_reply();
  reply.set_tag(request.tag());
  const bool is_watch = request.has_add_watch() || request.has_remove_watch();
  if (!is_watch && random_.Chance(trouble_)) {
    reply.set_not_taken(true);
    reply.mutable_error()->set_kind(random_.Chance(500'000) ? "NoLeader"
                                                            : "Overloaded");
    reply.mutable_error()->set_code(14);
    out_.push_back(message);
    return;
  }
  if (request.has_write()) {
    AnswerWrite(request.write(), reply);
  } else if (request.has_read()) {
    if (!request.read().local()) CatchUp(member_, log_.size());
    reply.set_zxid(applied_[member_]);
    reply.mutable_data()->mutable_stat()->set_mzxid(applied_[member_]);
  } else if (request.has_add_watch()) {
    SetWatch(request.add_watch());
    reply.set_zxid(applied_[member_]);
  } else if (request.has_remove_watch()) {
    watches_.erase({request.remove_watch().path(),
                    static_cast<int>(request.remove_watch().kind())});
  }
  const bool is_local = request.has_read() && request.read().local();
  if (!reply.not_taken() && !is_watch && !is_local) session_.heard_ms = now_ms;
  out_.push_back(message);
}

void ModelEnsemble::AnswerWrite(const v1::Write& write, v1::Reply& reply) {
  const int64_t id = write.request_id();
  QUORATE_CHECK(write.acked_through() < id);
  if (id > session_.last_request_id + 1) {
    reply.set_not_taken(true);
    reply.mutable_error()->set_kind("OutOfOrder");
    reply.mutable_error()->set_code(10);
    return;
  }
  if (id == session_.last_request_id + 1) {
    Txn txn;
    txn.zxid = log_.size() + 1;
    txn.session = sessions_;
    txn.request_id = id;
    if (write.has_multi()) {
      for (const v1::MultiOp& op : write.multi().ops()) {
        txn.paths.push_back(op.set_data().path());
        txn.data = op.set_data().data();
      }
    } else {
      txn.paths.push_back(write.set_data().path());
      txn.data = write.set_data().data();
    }
    session_.last_request_id = id;
    session_.results[id] = txn.zxid;
    log_.push_back(std::move(txn));
  }
  session_.acked_through =
      std::max(session_.acked_through, write.acked_through());
  session_.results.erase(session_.results.begin(),
                         session_.results.upper_bound(session_.acked_through));
  // Nobody asks for what it has acknowledged.
  QUORATE_CHECK(session_.results.contains(id));
  CatchUp(member_, session_.results[id]);
  reply.set_zxid(session_.results[id]);
  v1::WriteResult* result = reply.mutable_write();
  for (int i = 0; i < write.multi().ops_size(); ++i) result->add_ops();
}

// --- Watches -----------------------------------------------------------------

bool ModelEnsemble::Matches(const Watch& watch, const std::string& path) {
  if (watch.second == v1::WATCH_KIND_CHILD) return false;
  if (watch.first == path) return true;
  return watch.second == v1::WATCH_KIND_RECURSIVE &&
         path.compare(0, watch.first.size() + 1, watch.first + "/") == 0;
}

bool ModelEnsemble::IsOneShot(const Watch& watch) {
  return watch.second == v1::WATCH_KIND_DATA;
}

void ModelEnsemble::Tell(const std::string& path, uint64_t zxid) {
  v1::WatchEvent* event = out_.emplace_back().mutable_event();
  event->set_type(v1::EVENT_TYPE_DATA_CHANGED);
  event->set_path(path);
  event->set_zxid(zxid);
}

void ModelEnsemble::SetWatch(const v1::AddWatch& wanted) {
  const Watch watch = {wanted.path(), static_cast<int>(wanted.kind())};
  if (wanted.has_resume_after()) {
    const uint64_t after = wanted.resume_after();
    QUORATE_CHECK(after <= applied_[member_]);
    if (after + memory_ < applied_[member_]) {
      v1::WatchEvent* gap = out_.emplace_back().mutable_event();
      gap->set_gap(true);
      gap->set_kind(wanted.kind());
      gap->set_path(wanted.path());
      gap->set_zxid(applied_[member_]);
      if (IsOneShot(watch)) return;
    } else {
      for (uint64_t zxid = after + 1; zxid <= applied_[member_]; ++zxid) {
        for (const std::string& path : log_[zxid - 1].paths) {
          if (!Matches(watch, path)) continue;
          Tell(path, zxid);
          if (IsOneShot(watch)) return;
        }
      }
    }
  }
  watches_.insert(watch);
}

void ModelEnsemble::CatchUp(size_t member, uint64_t zxid) {
  while (applied_[member] < zxid) {
    const Txn& txn = log_[applied_[member]++];
    if (member != member_) continue;
    for (const std::string& path : txn.paths) {
      // Once for the session, by however many watches.
      bool matches = false;
      std::erase_if(watches_, [&](const Watch& watch) {
        if (!Matches(watch, path)) return false;
        matches = true;
        return IsOneShot(watch);
      });
      if (matches) Tell(path, txn.zxid);
    }
  }
}

void ModelEnsemble::WriteElsewhere() {
  static const char* const kPaths[] = {"/a", "/a/b", "/c"};
  Txn txn;
  txn.zxid = log_.size() + 1;
  const uint64_t count = 1 + random_.Below(3);
  for (uint64_t i = 0; i < count; ++i) {
    txn.paths.emplace_back(kPaths[random_.Below(3)]);
  }
  log_.push_back(std::move(txn));
}

v1::ServerFrame ModelEnsemble::Receive(size_t most) {
  v1::ServerFrame frame;
  for (size_t i = 0; i < most && !out_.empty(); ++i) {
    *frame.add_messages() = out_.front();
    out_.pop_front();
  }
  return frame;
}

bool ModelEnsemble::Expire(int64_t now_ms) {
  if (!session_.is_open || now_ms < session_.heard_ms + kTimeoutMs) {
    return false;
  }
  session_.is_open = false;
  return true;
}

}  // namespace quorate::client
