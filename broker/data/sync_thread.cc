#include "broker/data/sync_thread.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "broker/data/replica.h"

namespace quorate::broker {

SyncThread::SyncThread() : thread_([this] { Run(); }) {}

SyncThread::~SyncThread() { Stop(); }

void SyncThread::Add(std::shared_ptr<Replica> replica) {
  {
    const std::scoped_lock lock(mutex_);
    grown_.push_back(std::move(replica));
  }
  wanted_.notify_one();
}

void SyncThread::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SyncThread::Run() {
  while (true) {
    std::vector<std::shared_ptr<Replica>> grown;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return stopping_ || !grown_.empty(); });
      grown.swap(grown_);
      if (grown.empty()) return;
    }
    if (grown.size() > 1) {
      for (const std::shared_ptr<Replica>& replica : grown) replica->WriteOut();
    }
    for (const std::shared_ptr<Replica>& replica : grown) replica->Sync();
  }
}

}  // namespace quorate::broker
