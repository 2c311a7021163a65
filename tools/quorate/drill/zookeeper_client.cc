#include "tools/quorate/drill/zookeeper_client.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "zookeeper/zookeeper.h"

namespace quorate::tools {
namespace {

// Also how long a server may be silent before a call fails.
constexpr int kSessionTimeoutMs = 6'000;
constexpr absl::Duration kSyncTimeout = absl::Seconds(10);

void LogNothing(const char*) {}

absl::Status StatusOf(int code, const std::string& what) {
  if (code == ZOK) return absl::OkStatus();
  const std::string message = absl::StrCat(what, ": ", zerror(code));
  switch (code) {
    case ZNODEEXISTS:
      return absl::AlreadyExistsError(message);
    case ZNONODE:
      return absl::NotFoundError(message);
    default:
      return absl::UnavailableError(message);
  }
}

class CClient final : public ZooKeeperClient {
 public:
  explicit CClient(const std::string& address) {
    handle_ =
        zookeeper_init2(address.c_str(), &OnEvent, kSessionTimeoutMs,
                        /*clientid=*/nullptr, this, /*flags=*/0, &LogNothing);
  }
  CClient(const CClient&) = delete;
  CClient& operator=(const CClient&) = delete;
  // Its threads have ended once this returns, and call nobody back.
  ~CClient() override {
    if (handle_ != nullptr) zookeeper_close(handle_);
  }

  bool AwaitConnected(absl::Duration timeout) {
    const absl::MutexLock lock(&mutex_);
    return handle_ != nullptr &&
           mutex_.AwaitWithTimeout(absl::Condition(&connected_), timeout);
  }

  absl::Status Create(const std::string& path,
                      const std::string& data) override {
    const int code =
        zoo_create(handle_, path.c_str(), data.data(),
                   static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE,
                   /*mode=*/0, /*path_buffer=*/nullptr, /*path_buffer_len=*/0);
    return StatusOf(code, absl::StrCat("create ", path));
  }

  absl::StatusOr<std::set<std::string>> Find(
      const std::vector<std::string>& paths) override {
    const absl::Status synced = Sync();
    if (!synced.ok()) return synced;
    std::set<std::string> found;
    for (const std::string& path : paths) {
      const int code =
          zoo_exists(handle_, path.c_str(), /*watch=*/0, /*stat=*/nullptr);
      if (code == ZOK) {
        found.insert(path);
      } else if (code != ZNONODE) {
        return StatusOf(code, absl::StrCat("exists ", path));
      }
    }
    return found;
  }

 private:
  static void OnEvent(zhandle_t*, int type, int state, const char*,
                      void* context) {
    if (type != ZOO_SESSION_EVENT) return;
    auto* self = static_cast<CClient*>(context);
    const absl::MutexLock lock(&self->mutex_);
    self->connected_ = state == ZOO_CONNECTED_STATE;
  }

  static void OnSynced(int code, const char*, const void* data) {
    auto* self = const_cast<CClient*>(static_cast<const CClient*>(data));
    const absl::MutexLock lock(&self->mutex_);
    self->synced_ = code;
  }

  absl::Status Sync() {
    {
      const absl::MutexLock lock(&mutex_);
      synced_.reset();
    }
    const int code = zoo_async(handle_, "/", &OnSynced, this);
    if (code != ZOK) return StatusOf(code, "sync");
    const absl::MutexLock lock(&mutex_);
    const auto has_answer = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return synced_.has_value();
    };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&has_answer), kSyncTimeout)) {
      return absl::UnavailableError("sync: no answer");
    }
    return StatusOf(*synced_, "sync");
  }

  absl::Mutex mutex_;
  bool connected_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<int> synced_ ABSL_GUARDED_BY(mutex_);
  zhandle_t* handle_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ZooKeeperClient>> ZooKeeperClient::Connect(
    const std::string& address, absl::Duration timeout) {
  auto client = std::make_unique<CClient>(address);
  if (!client->AwaitConnected(timeout)) {
    return absl::UnavailableError(absl::StrCat(
        address, " opens no session within ", absl::FormatDuration(timeout)));
  }
  return client;
}

}  // namespace quorate::tools
