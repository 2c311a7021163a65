// The tree against a second opinion, over long random sequences of requests.
//
// Requests are prepared some way ahead of what is applied, as a leader does;
// the plain model does each at once. Results, errors, events, stats, children,
// remembered results, digests after a replay from bytes and snapshots taken in
// slices must agree.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coord/base/seeded_random.h"
#include "coord/tree/outstanding.h"
#include "coord/tree/reads.h"
#include "coord/tree/snapshot.h"
#include "coord/tree/state_machine.h"
#include "coord/tree/test_member.h"
#include "coord/tree/test_plain_model.h"
#include "coord/tree/txn_codec.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace quorate::tree {
namespace {

constexpr int kSteps = 40'000;

// Makes up requests that often hit something and often each other.
class Requests {
 public:
  explicit Requests(uint64_t seed) : random_(seed) {}

  SeededRandom& chance() { return random_; }

  Request Next() {
    Request request;
    request.session = {static_cast<int64_t>(random_.Below(5))};
    time_ms_ += random_.Between(0, 20);
    request.time_ms = time_ms_;
    if (random_.Below(2) == 0) request.identities.push_back(Ann());
    request.body = Body();
    return request;
  }

  std::string Path() {
    std::string path;
    const uint64_t depth = 1 + random_.Below(4);
    for (uint64_t i = 0; i < depth; ++i) {
      // Some that sort otherwise than "/" does among other characters.
      static constexpr const char* kNames[] = {"a", "b", "a-", "a!", "0"};
      path += std::string("/") + kNames[random_.Below(5)];
    }
    if (random_.Below(12) == 0) path = QuotaNode();
    if (random_.Below(60) == 0) {
      static constexpr const char* kOdd[] = {"/",
                                             "",
                                             "a",
                                             "/a/",
                                             "//",
                                             "/a//b",
                                             "/.",
                                             "/a/..",
                                             "/\x7f",
                                             "/zookeeper",
                                             "/zookeeper/quota",
                                             "/zookeeper/config"};
      path = kOdd[random_.Below(12)];
    }
    return path;
  }

 private:
  static Identity Ann() { return {"digest", "ann:x"}; }

  std::string QuotaNode() {
    std::string path = "/zookeeper/quota";
    const uint64_t kind = random_.Below(8);
    if (kind > 0) path += random_.Below(2) ? "/a" : "/b";
    if (kind > 5) path += "/a";
    if (random_.Below(3) == 0) return path;
    return path + (random_.Below(2) ? "/zookeeper_limits" : "/zookeeper_stats");
  }

  std::string Data(const std::string& path) {
    if (path.ends_with("zookeeper_limits")) {
      return "count=3,bytes=5=;byteHardLimit=" +
             std::to_string(random_.Between(10, 60)) +
             ";countHardLimit=" + std::to_string(random_.Between(-1, 12));
    }
    return std::string(random_.Below(8),
                       static_cast<char>('a' + random_.Below(26)));
  }

  Acl SomeAcl() {
    switch (random_.Below(12)) {
      case 0:
        return {};
      case 1:
        return {{static_cast<uint32_t>(random_.Below(32)), {"world", "anyone"}},
                {31, Ann()}};
      case 2:
        return {{31, Ann()}};
      default:
        return OpenAcl();
    }
  }

  int32_t Version() {
    return random_.Below(2) ? -1 : static_cast<int32_t>(random_.Below(4));
  }

  CreateRequest Create() {
    CreateRequest create;
    create.path = Path();
    create.data = Data(create.path);
    create.acl = SomeAcl();
    create.mode =
        static_cast<CreateMode>(random_.Below(2) ? 0 : random_.Below(7));
    const bool ttl = static_cast<int>(create.mode) >= 5;
    if (ttl != (random_.Below(30) == 0)) create.ttl_ms = random_.Below(50);
    return create;
  }

  SetDataRequest SetData() {
    const std::string path = Path();
    return {path, Data(path), Version()};
  }

  RequestBody Body() {
    const uint64_t kind = random_.Below(100);
    if (kind < 45) return Create();
    if (kind < 58) return DeleteRequest{Path(), Version()};
    if (kind < 72) return SetData();
    if (kind < 77) return SetAclRequest{Path(), SomeAcl(), Version()};
    if (kind < 79) return CheckRequest{Path(), Version()};
    if (kind < 88) return Multi();
    if (kind < 90) return DeleteRecursiveRequest{Path()};
    if (kind < 95) return OpenSession(static_cast<int32_t>(kind));
    if (kind < 97) return CloseSessionRequest{};
    return DeleteContainerRequest{Path()};
  }

  MultiRequest Multi() {
    MultiRequest multi;
    for (uint64_t left = random_.Below(4); left > 0; --left) {
      switch (random_.Below(4)) {
        case 0:
          multi.ops.emplace_back(DeleteRequest{Path(), Version()});
          break;
        case 1:
          multi.ops.emplace_back(SetData());
          break;
        case 2:
          multi.ops.emplace_back(CheckRequest{Path(), -1});
          break;
        default:
          multi.ops.emplace_back(Create());
      }
    }
    return multi;
  }

  SeededRandom random_;
  int64_t time_ms_ = 1'000'000;
};

// What a txn answered, in the model's form.
std::vector<std::pair<std::string, Stat>> Flatten(const TxnResult& result) {
  std::vector<std::pair<std::string, Stat>> flat;
  for (const TxnResult& each : result.multi) {
    flat.emplace_back(each.path, each.stat.value_or(Stat()));
  }
  if (!result.path.empty()) {
    flat.emplace_back(result.path, result.stat.value_or(Stat()));
  }
  return flat;
}

std::vector<ErrorCode> ErrorsOf(const TxnResult& failed_multi) {
  std::vector<ErrorCode> errors;
  for (const TxnResult& op : failed_multi.multi) errors.push_back(op.error);
  return errors;
}

void ExpectSameSession(const Session& session,
                       const PlainModel::Session& plain) {
  EXPECT_EQ(session.timeout_ms, plain.timeout_ms);
  EXPECT_EQ(session.password, plain.password);
  EXPECT_EQ(session.last_request_id, plain.last_request_id);
  ASSERT_EQ(session.results.size(), plain.outcomes.size());
  for (const auto& [request_id, remembered] : session.results) {
    ASSERT_TRUE(plain.outcomes.contains(request_id)) << request_id;
    const PlainModel::Outcome& outcome = plain.outcomes.at(request_id);
    EXPECT_EQ(remembered.result.error, outcome.error);
    if (outcome.error == ErrorCode::kOk) {
      EXPECT_EQ(Flatten(remembered.result), outcome.results);
    } else {
      EXPECT_EQ(ErrorsOf(remembered.result), outcome.op_errors);
    }
  }
}

void ExpectSame(const StateMachine& state, const PlainModel& model) {
  const Tree& tree = state.tree();
  ASSERT_EQ(tree.size(), model.nodes().size());
  size_t seen = 0;
  for (const Znode* node = &tree.root(); node; node = Tree::Next(*node)) {
    const std::string path = node->Path();
    ++seen;
    ASSERT_TRUE(model.Has(path)) << path;
    const PlainModel::Node& plain = model.nodes().at(path);
    EXPECT_EQ(node->ToStat(), model.StatOf(path)) << path;
    EXPECT_EQ(node->data(), plain.data) << path;
    EXPECT_EQ(*tree.AclOf(*node), plain.acl) << path;
    EXPECT_EQ(tree.ChildrenOf(*node), model.ChildrenOf(path)) << path;
    EXPECT_EQ(tree.Find(path), node) << path;
  }
  EXPECT_EQ(seen, tree.size());
  EXPECT_EQ(state.sessions().sessions().size(), model.sessions().size());
  for (const auto& [id, session] : model.sessions()) {
    ASSERT_TRUE(state.sessions().Has({id}));
    ExpectSameSession(*state.sessions().Find({id}), session);
    std::vector<std::string> paths = Reads(state, {}).GetEphemerals({id}, "/");
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths, model.EphemeralsOf(id));
  }
}

// A state machine with the checks in front, driven some txns behind.
class Pipeline {
 public:
  explicit Pipeline(SeededRandom& random) : random_(random) {}

  void Ask(Request request) {
    const Zxid zxid = prepared_.Next();
    Number(request);
    Prepared prepared = outstanding_.Prepare(zxid, request);
    PlainModel::Outcome expected = model_.Ask(request, zxid);
    ASSERT_EQ(ErrorCodeOf(prepared.status), expected.error) << prepared.status;
    EXPECT_EQ(prepared.op_errors, expected.op_errors);
    if (!prepared.status.ok()) {
      ++refused_;
      errors_.insert(expected.error);
      prepared.txn = outstanding_.Fail(zxid, request, prepared);
    }
    prepared_ = zxid;
    const std::string bytes = EncodeTxn(prepared.txn);
    const absl::StatusOr<Txn> decoded = DecodeTxn(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, prepared.txn);
    EXPECT_EQ(EncodeTxn(*decoded), bytes);
    log_.push_back(bytes);
    waiting_.push_back({zxid, prepared.txn, std::move(expected)});
  }

  void ApplyOne() {
    if (waiting_.empty()) return;
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    const absl::StatusOr<Applied> applied = state_.Apply(next.zxid, next.txn);
    ASSERT_TRUE(applied.ok()) << applied.status();
    outstanding_.OnApplied(next.zxid);
    EXPECT_EQ(applied->result.error, next.expected.error);
    if (next.expected.error == ErrorCode::kOk) {
      EXPECT_EQ(Flatten(applied->result), next.expected.results);
    }
    std::vector<std::pair<int, std::string>> events;
    for (const TreeEvent& event : applied->events) {
      EXPECT_EQ(event.zxid, next.zxid);
      events.emplace_back(static_cast<int>(event.type), event.path);
    }
    EXPECT_EQ(events, next.expected.events);
  }

  void Drain() {
    while (!waiting_.empty()) ApplyOne();
    EXPECT_EQ(outstanding_.size(), 0u);
  }

  // Begins a snapshot, or goes on with the one that is under way.
  void StepSnapshot() {
    if (snapshot_ == nullptr) {
      whole_ = SnapshotOf(state_);
      sliced_.clear();
      snapshot_ = std::make_unique<Snapshot>(state_);
    } else if (!snapshot_->Next(random_.Below(400), sliced_)) {
      snapshot_.reset();
      ASSERT_EQ(sliced_, whole_);
      SnapshotLoader loader;
      ASSERT_TRUE(loader.Append(sliced_).ok());
      const auto loaded = loader.Finish();
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      EXPECT_EQ(SnapshotOf(**loaded), whole_);
      ++snapshots_;
    }
  }

  void ExpectReplayAgrees() {
    StateMachine replayed;
    Zxid zxid;
    for (const std::string& bytes : log_) {
      zxid = zxid.Next();
      const absl::StatusOr<Txn> txn = DecodeTxn(bytes);
      ASSERT_TRUE(txn.ok());
      ASSERT_TRUE(replayed.Apply(zxid, *txn).ok());
    }
    EXPECT_EQ(replayed.digest(), state_.digest());
    EXPECT_EQ(SnapshotOf(replayed), SnapshotOf(state_));
  }

  const StateMachine& state() const { return state_; }
  const PlainModel& model() const { return model_; }
  size_t waiting() const { return waiting_.size(); }
  int snapshots() const { return snapshots_; }
  size_t logged() const { return log_.size(); }
  size_t refused() const { return refused_; }
  // Those that came up.
  const std::set<ErrorCode>& errors() const { return errors_; }

 private:
  // The session's next number, some acks, and a look at another number.
  void Number(Request& request) {
    const auto session = model_.sessions().find(request.session.value);
    if (session == model_.sessions().end()) {
      request.request_id = random_.Between(0, 9);
      return;
    }
    const int64_t last = session->second.last_request_id;
    ExpectClassified(request.session, random_.Between(1, last + 4), last);
    if (random_.Below(8) == 0) return;  // not counted
    request.request_id = last + 1;
    request.acked_through = std::max<int64_t>(0, last - random_.Between(0, 9));
  }

  void ExpectClassified(SessionId session, int64_t request_id, int64_t last) {
    RequestState expected = RequestState::kApplied;
    if (request_id > last) expected = RequestState::kGap;
    if (request_id == last + 1) expected = RequestState::kNew;
    for (const Waiting& waiting : waiting_) {
      if (waiting.txn.session == session &&
          waiting.txn.request_id == request_id && request_id <= last &&
          !std::holds_alternative<CreateSessionTxn>(waiting.txn.body)) {
        expected = RequestState::kOutstanding;
      }
    }
    EXPECT_EQ(outstanding_.Classify(session, request_id), expected);
  }

  struct Waiting {
    Zxid zxid;
    Txn txn;
    PlainModel::Outcome expected;
  };

  SeededRandom& random_;
  StateMachine state_;
  Outstanding outstanding_{state_};
  PlainModel model_;
  Zxid prepared_;
  std::deque<Waiting> waiting_;
  std::vector<std::string> log_;
  std::unique_ptr<Snapshot> snapshot_;
  std::string whole_;
  std::string sliced_;
  int snapshots_ = 0;
  size_t refused_ = 0;
  std::set<ErrorCode> errors_;
};

TEST(ModelTest, TreeAgreesWithThePlainModel) {
  Requests requests(TestSeed());
  Pipeline pipeline(requests.chance());
  for (int step = 0; step < kSteps; ++step) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    pipeline.Ask(requests.Next());
    if (requests.chance().Below(4) == 0) pipeline.StepSnapshot();
    const uint64_t depth = requests.chance().Below(20);
    while (pipeline.waiting() > depth) pipeline.ApplyOne();
    if (step % 200 == 0) {
      pipeline.Drain();
      ExpectSame(pipeline.state(), pipeline.model());
    }
    if (testing::Test::HasFailure()) return;
  }
  pipeline.Drain();
  ExpectSame(pipeline.state(), pipeline.model());
  pipeline.ExpectReplayAgrees();
  // The sequences are worth something only if much of all happens.
  EXPECT_GT(pipeline.logged() - pipeline.refused(), kSteps / 10u);
  EXPECT_GT(pipeline.refused(), kSteps / 10u);
  EXPECT_GT(pipeline.snapshots(), 40);
  EXPECT_EQ(pipeline.errors().size(), 10u);
}

}  // namespace
}  // namespace quorate::tree
