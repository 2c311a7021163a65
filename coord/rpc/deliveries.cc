#include "coord/rpc/deliveries.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coord/replica/client_message.h"
#include "coord/rpc/workers.h"

namespace quorate::rpc {

bool Deliveries::Add(replica::ConnectionId id,
                     std::shared_ptr<Receiver> receiver) {
  absl::MutexLock lock(&mutex_);
  if (!closed_) receivers_.emplace(id.value, std::move(receiver));
  return !closed_;
}

void Deliveries::Remove(replica::ConnectionId id) {
  std::shared_ptr<Receiver> last;  // dropped without the lock
  absl::MutexLock lock(&mutex_);
  const auto it = receivers_.find(id.value);
  if (it == receivers_.end()) return;
  last = std::move(it->second);
  receivers_.erase(it);
}

void Deliveries::Deliver(std::vector<replica::Delivery> deliveries) {
  std::vector<Workers::Task> flushes;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (replica::Delivery& delivery : deliveries) {
      const auto it = receivers_.find(delivery.connection.value);
      if (it == receivers_.end()) continue;  // it has gone
      if (it->second->Keep(std::move(delivery.message))) {
        flushes.push_back([receiver = it->second] { receiver->Flush(); });
      }
    }
  }
  if (!flushes.empty()) workers_.Add(std::move(flushes));
}

void Deliveries::Close(const absl::Status& why) {
  std::vector<std::shared_ptr<Receiver>> receivers;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (const auto& [id, receiver] : receivers_) receivers.push_back(receiver);
  }
  for (const std::shared_ptr<Receiver>& receiver : receivers) {
    receiver->End(why);
  }
}

}  // namespace quorate::rpc
