// Storage in a directory: a file for each segment, made of zeros when it is first needed. Writing
// and syncing are done by a thread beside the loop, so that a slow disk holds up nobody who does
// not wait for it. The thread touches nothing of the broker but the bytes it is given.
#pragma once

#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "broker/hal/storage.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/event_loop.hpp"

namespace midge::platform {

// What is asked of the disk. Tests put something else in its place.
struct DiskCalls {
  ssize_t (*write)(int fd, const void* bytes, std::size_t count, off_t offset);  // as pwrite()
  int (*sync)(int fd);                                                           // as fdatasync()
};
inline constexpr DiskCalls kSystemDisk{.write = pwrite, .sync = fdatasync};

class FileStorage final : public hal::Storage, public Source {
 public:
  explicit FileStorage(const DiskCalls& calls = kSystemDisk) : calls_(calls) {}
  ~FileStorage();
  FileStorage(const FileStorage&) = delete;
  FileStorage& operator=(const FileStorage&) = delete;

  enum class Opened : std::uint8_t {
    Ok,
    Failed,  // errno says why
    InUse,   // by another process
  };
  // Makes the directory if need be; its parent exists. The directory is this object's until its
  // end. Not before the process has become what it is to be: threads don't outlive a fork().
  [[nodiscard]] Opened open(const char* directory, const hal::StorageGeometry& geometry,
                            EventLoop& loop);
  // What the last operation that failed was told.
  [[nodiscard]] int last_error() const { return last_error_; }

  [[nodiscard]] hal::StorageGeometry geometry() const override { return geometry_; }
  // At once. Of a file that is not there, or too short, the rest are zeros.
  [[nodiscard]] hal::StorageStatus read(std::uint32_t segment, std::uint32_t offset,
                                        MutableBytes out, hal::StorageHandler& handler) override;
  [[nodiscard]] hal::StorageStatus program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                           hal::StorageHandler& handler) override;
  // Makes the file if it is not there. What is in one that is there stays until it is written over.
  [[nodiscard]] hal::StorageStatus erase(std::uint32_t segment,
                                         hal::StorageHandler& handler) override;

  void on_events(std::uint32_t events) override;

 private:
  enum class Work : std::uint8_t { None, Program, Erase, Done, Stop };
  // What the thread is to do, and what came of it.
  struct Job {
    Work work = Work::None;
    std::uint32_t segment = 0;
    std::uint32_t offset = 0;
    Bytes bytes{};
    int error = 0;
  };

  [[nodiscard]] hal::StorageStatus begin(const Job& job, hal::StorageHandler& handler);
  static void* run_thread(void* storage);
  void work();
  [[nodiscard]] int do_job(const Job& job);
  [[nodiscard]] int open_segment(std::uint32_t segment);
  [[nodiscard]] int fill(int fd);
  [[nodiscard]] int write_all(int fd, Bytes bytes, std::uint32_t offset);

  const DiskCalls& calls_;
  hal::StorageGeometry geometry_;
  int last_error_ = 0;
  Descriptor directory_;
  Descriptor lock_;
  Descriptor done_;  // an eventfd: the thread has done its job
  Descriptor read_file_;
  std::uint32_t read_segment_ = 0;
  hal::StorageHandler* handler_ = nullptr;  // of what is pending

  // The thread's own.
  Descriptor write_file_;
  std::uint32_t write_segment_ = 0;

  // Between the two.
  pthread_t thread_{};
  bool has_thread_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
  Job job_;
};

}  // namespace midge::platform
