// Background: lowers a thread whose work can wait.

#ifndef QUORATE_COORD_SERVER_DISK_BACKGROUND_H_
#define QUORATE_COORD_SERVER_DISK_BACKGROUND_H_

namespace quorate::server {

// The calling thread goes last to the processor and, where the system's I/O
// scheduler heeds it, to the disk. A hint: nothing depends on it.
void EnterBackground();

}  // namespace quorate::server

#endif  // QUORATE_COORD_SERVER_DISK_BACKGROUND_H_
