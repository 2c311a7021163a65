#include "broker/controller/membership.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "broker/controller/bootstrap.h"
#include "broker/controller/election.h"
#include "broker/controller/leadership.h"
#include "broker/controller/planner.h"
#include "broker/controller/registration.h"
#include "broker/controller/reign.h"
#include "broker/error/broker_error.h"
#include "broker/image/cluster_image.h"
#include "broker/image/znodes.h"
#include "coord/client/error.h"
#include "coord/client/session.h"
#include "coord/client/types.h"
#include "coord/server/logger.h"
#include "coord/server/monotonic_clock.h"

namespace quorate::broker {
namespace {

using server::LogLevel;

constexpr size_t kMaxRequests = 10'000;
constexpr int64_t kIdleMs = 1'000;
constexpr int64_t kRetryMs = 200;
constexpr int64_t kReopenMs = 1'000;
constexpr int64_t kSavePinMs = 5'000;
constexpr uint64_t kProducerIdBlock = 1'000;

int64_t NowMs() { return server::MonotonicUs() / 1'000; }

bool IsOver(const client::Session& session) {
  const client::SessionState state = session.state();
  return state == client::SessionState::kExpired ||
         state == client::SessionState::kClosed;
}

// It will not go away by waiting.
bool IsForGood(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsDataLoss(status) ||
         absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status);
}

}  // namespace

Membership::Membership(MembershipOptions options, MembershipOutside outside)
    : options_(std::move(options)),
      outside_(std::move(outside)),
      mailbox_(kMaxRequests),
      pin_(options_.pin) {}

Membership::~Membership() { Stop(); }

void Membership::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Membership::Stop() {
  stopping_.store(true);
  mailbox_.Post([] {});
  if (thread_.joinable()) thread_.join();
}

// --- The thread ------------------------------------------------------------

void Membership::Run() {
  while (!stopping_.load() && !is_fatal_) {
    const std::unique_ptr<client::Session> session = OpenSession();
    if (session == nullptr) break;
    session_ = session.get();
    Live(*session);
    EndReign(*session);
    is_registered_.store(false);
    session_ = nullptr;
    SavePin(*session);
  }
  for (const Mailbox::Task& task : mailbox_.Close()) task();
}

std::unique_ptr<client::Session> Membership::OpenSession() {
  client::SessionOptions options;
  options.endpoints = options_.endpoints;
  options.timeout_ms = options_.session_timeout_ms;
  options.call_timeout_ms = options_.session_timeout_ms;
  while (!stopping_.load()) {
    options.pin = options_.is_unsafe ? client::Pin() : pin_;
    absl::StatusOr<std::unique_ptr<client::Session>> session =
        client::Session::Open(options);
    if (session.ok()) return *std::move(session);
    // One that has served already waits for its ensemble to come back.
    if (IsForGood(session.status()) && broker_epoch_ == 0) {
      Fatal(session.status());
      return nullptr;
    }
    outside_.logger->Log(LogLevel::kWarn, "no session with the ensemble",
                         {{"why", std::string(session.status().message())}});
    const int64_t until = NowMs() + kReopenMs;
    while (!stopping_.load() && NowMs() < until) RunTasks(until - NowMs());
  }
  return nullptr;
}

void Membership::Live(client::Session& session) {
  is_registration_in_doubt_ = true;
  is_office_in_doubt_ = true;
  stand_at_ms_ = 0;
  // Only to wake the thread: it looks at the state itself.
  session.AddStateHandler(
      [this](client::SessionState) { mailbox_.Post([] {}); });
  outside_.logger->Log(LogLevel::kInfo, "opened a session",
                       {{"session", session.id()},
                        {"endpoint", session.endpoint()},
                        {"timeout_ms", session.timeout_ms()}});
  bool has_begun = false;
  while (!stopping_.load() && !is_fatal_ && !IsOver(session)) {
    if (!has_begun) {
      const absl::Status begun = Begin(session);
      has_begun = begun.ok();
      if (!has_begun && !IsOver(session)) {
        if (IsForGood(begun)) return Fatal(begun);
        outside_.logger->Log(LogLevel::kWarn, "cannot begin",
                             {{"why", std::string(begun.message())}});
        RunTasks(kRetryMs);
      }
      continue;
    }
    Step(session);
  }
}

absl::Status Membership::Begin(client::Session& session) {
  if (options_.is_unsafe) {
    if (absl::Status s = MakeMissingZnodes(session); !s.ok()) return s;
  }
  const auto own = session.AddWatch(
      BrokerPath(options_.id), client::WatchKind::kPersistent,
      [this](const client::Event&) {
        mailbox_.Post([this] { is_registration_in_doubt_ = true; });
      });
  if (!own.ok()) return own.status();
  return session
      .AddWatch(kControllerPath, client::WatchKind::kPersistent,
                [this](const client::Event&) {
                  mailbox_.Post([this] { is_office_in_doubt_ = true; });
                })
      .status();
}

absl::Status Membership::RegisterNow(client::Session& session) {
  is_registration_in_doubt_ = false;
  const absl::StatusOr<uint64_t> broker_epoch =
      Register(session, options_.id, options_.registration);
  if (!broker_epoch.ok()) {
    is_registration_in_doubt_ = true;
    return broker_epoch.status();
  }
  // Looked again, and it was there.
  if (*broker_epoch == broker_epoch_) return absl::OkStatus();
  broker_epoch_ = *broker_epoch;
  outside_.on_registered(*broker_epoch);
  is_registered_.store(true);
  // Ahead of the first producer; if that fails, it is tried again then.
  if (next_producer_id_ == end_of_producer_ids_) (void)TakeProducerIds();
  return absl::OkStatus();
}

void Membership::Step(client::Session& session) {
  if (is_registration_in_doubt_) {
    const absl::Status status = RegisterNow(session);
    if (IsOver(session)) return;
    if (!status.ok()) {
      if (IsForGood(status)) return Fatal(status);
      outside_.logger->Log(LogLevel::kWarn, "cannot register",
                           {{"why", std::string(status.message())}});
      RunTasks(kRetryMs);
      return;
    }
  }
  if (is_office_in_doubt_ && NowMs() >= stand_at_ms_) {
    is_office_in_doubt_ = false;
    if (reign_ != nullptr) {
      reign_->Doubt();
    } else {
      StandForElection(session);
    }
  }
  int64_t wait_ms = is_office_in_doubt_
                        ? std::max<int64_t>(stand_at_ms_ - NowMs(), 0)
                        : kIdleMs;
  if (reign_ != nullptr) {
    reign_->Work();
    under_replicated_.store(reign_->under_replicated());
    wait_ms = std::min(wait_ms, reign_->WaitMs());
    if (reign_->is_over()) {
      EndReign(session);
      is_office_in_doubt_ = true;
      return;
    }
  }
  if (NowMs() >= save_pin_at_ms_) SavePin(session);
  if (!is_fatal_) RunTasks(wait_ms);
}

void Membership::RunTasks(int64_t wait_ms) {
  for (const Mailbox::Task& task : mailbox_.Take(wait_ms)) task();
}

void Membership::StandForElection(client::Session& session) {
  const absl::StatusOr<std::optional<Leadership>> elected =
      Elect(session, options_.id);
  if (elected.ok()) {
    if (*elected) BeginReign(session, **elected);
    return;
  }
  if (IsOver(session)) return;
  if (IsForGood(elected.status())) return Fatal(elected.status());
  outside_.logger->Log(LogLevel::kWarn, "cannot stand for election",
                       {{"why", std::string(elected.status().message())}});
  is_office_in_doubt_ = true;
  stand_at_ms_ = NowMs() + kRetryMs;
}

void Membership::BeginReign(client::Session& session,
                            const Leadership& leadership) {
  // Set before the brokers are read: no change is missed.
  const absl::StatusOr<uint64_t> watch =
      session.AddWatch(kBrokersPath, client::WatchKind::kPersistent,
                       [this](const client::Event&) {
                         mailbox_.Post([this] {
                           if (reign_ != nullptr) reign_->BrokersChanged();
                         });
                       });
  if (!watch.ok()) {
    // The office is ours all the same: Elect() finds out.
    is_office_in_doubt_ = true;
    stand_at_ms_ = NowMs() + kRetryMs;
    return;
  }
  brokers_watch_ = *watch;
  ReignOutside outside;
  outside.open_link = outside_.open_link;
  outside.timer = outside_.timer;
  outside.logger = outside_.logger;
  outside.listeners = outside_.listeners;
  outside.wake = [this] { mailbox_.Post([] {}); };
  outside.doubt = [this] {
    mailbox_.Post([this] { is_office_in_doubt_ = true; });
  };
  reign_ = absl::make_unique<Reign>(leadership, session, std::move(outside));
  elections_won_.fetch_add(1);
  is_controller_.store(true);
}

void Membership::EndReign(client::Session& session) {
  is_controller_.store(false);
  under_replicated_.store(0);
  if (reign_ == nullptr) return;
  reign_.reset();
  (void)session.RemoveWatch(brokers_watch_);
}

void Membership::SavePin(const client::Session& session) {
  save_pin_at_ms_ = NowMs() + kSavePinMs;
  const client::Pin pin = session.pin();
  if (options_.is_unsafe || pin.highest_zxid <= pin_.highest_zxid) return;
  pin_ = pin;
  outside_.on_pin(pin_);
}

void Membership::Fatal(const absl::Status& why) {
  if (is_fatal_) return;
  is_fatal_ = true;
  outside_.on_fatal(why);
}

// --- Requests --------------------------------------------------------------

absl::Status Membership::NotController() const {
  const std::string address = outside_.controller_address();
  // After its reign, a broker still has the image that names it.
  const bool is_own = address == options_.registration.address;
  return BrokerError(
      ErrorKind::kNotController,
      absl::StrCat("broker ", options_.id, " is not the controller"),
      is_own ? "" : address);
}

template <typename T>
void Membership::Ask(Done<T> done,
                     std::function<void(Reign&, const Done<T>&)> ask) {
  if (!is_controller_.load()) return done(NotController());
  const bool taken = mailbox_.PostRequest([this, done, ask = std::move(ask)] {
    if (reign_ == nullptr) return done(NotController());
    ask(*reign_, done);
  });
  if (taken) return;
  done(stopping_.load()
           ? BrokerError(ErrorKind::kStopping, "this broker is stopping")
           : BrokerError(ErrorKind::kOverloaded,
                         "too many requests wait for the controller"));
}

void Membership::AlterIsr(IsrRequest request, Done<PartitionState> done) {
  Ask<PartitionState>(std::move(done),
                      [request = std::move(request)](
                          Reign& reign, const Done<PartitionState>& answer) {
                        reign.AlterIsr(request, answer);
                      });
}
void Membership::CreateTopic(NewTopic topic, Done<TopicState> done) {
  Ask<TopicState>(
      std::move(done),
      [topic = std::move(topic)](Reign& reign, const Done<TopicState>& answer) {
        reign.CreateTopic(topic, answer);
      });
}
void Membership::DeleteTopic(std::string name, Done<bool> done) {
  Ask<bool>(std::move(done),
            [name = std::move(name)](Reign& reign, const Done<bool>& answer) {
              reign.DeleteTopic(name, answer);
            });
}
void Membership::ElectPreferred(Done<int32_t> done) {
  Ask<int32_t>(std::move(done), [](Reign& reign, const Done<int32_t>& answer) {
    reign.ElectPreferred(answer);
  });
}
void Membership::Resign(BrokerId broker, uint64_t broker_epoch,
                        Done<int32_t> done) {
  Ask<int32_t>(std::move(done), [broker, broker_epoch](
                                    Reign& reign, const Done<int32_t>& answer) {
    reign.Resign(broker, broker_epoch, answer);
  });
}

void Membership::NextProducerId(Done<uint64_t> done) {
  const bool taken =
      is_registered_.load() &&
      mailbox_.PostRequest([this, done] { done(TakeProducerId()); });
  if (!taken) {
    done(BrokerError(ErrorKind::kNotReady,
                     "this broker cannot ask the ensemble now"));
  }
}

absl::StatusOr<uint64_t> Membership::TakeProducerId() {
  if (next_producer_id_ == end_of_producer_ids_) {
    if (absl::Status taken = TakeProducerIds(); !taken.ok()) {
      return BrokerError(ErrorKind::kNotReady,
                         absl::StrCat("no producer id: ", taken.message()));
    }
  }
  return next_producer_id_++;
}

absl::Status Membership::TakeProducerIds() {
  if (session_ == nullptr) {
    return absl::UnavailableError("no session with the ensemble");
  }
  // Others take blocks, too.
  for (;;) {
    const absl::StatusOr<client::Data> data =
        session_->GetData(kProducerIdsPath);
    if (!data.ok()) return data.status();
    const absl::StatusOr<int64_t> block =
        ParseCounter(kProducerIdsPath, data->data);
    if (!block.ok()) return block.status();
    const absl::Status taken =
        session_
            ->Write(client::SetData{kProducerIdsPath, absl::StrCat(*block + 1),
                                    data->stat.version})
            .status();
    if (client::IsError(taken, "BadVersion")) continue;
    if (!taken.ok()) return taken;
    next_producer_id_ = static_cast<uint64_t>(*block) * kProducerIdBlock + 1;
    end_of_producer_ids_ = next_producer_id_ + kProducerIdBlock;
    return absl::OkStatus();
  }
}

}  // namespace quorate::broker
