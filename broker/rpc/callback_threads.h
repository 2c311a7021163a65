// The threads on which gRPC calls back.
//
// gRPC 1.51 ends them with the last channel or server that uses them; if that
// is destroyed in a callback, such as when a call that has just ended held its
// channel last, it destroys the queue that the thread reads from, and the
// process crashes.

#ifndef QUORATE_BROKER_RPC_CALLBACK_THREADS_H_
#define QUORATE_BROKER_RPC_CALLBACK_THREADS_H_

namespace quorate::broker {

// Keeps these threads from now on until the process ends. Call it before a
// channel is made; thread-safe, and cheap from the second call on.
void KeepCallbackThreads();

}  // namespace quorate::broker

#endif  // QUORATE_BROKER_RPC_CALLBACK_THREADS_H_
