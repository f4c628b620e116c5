// Storage in a directory: a file for each segment, made of zeros when it is first needed. Writing
// and syncing are done by a thread beside the loop, so that a slow disk holds up nobody who does
// not wait for it. The thread touches nothing of the broker but the bytes it is given.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "broker/hal/storage.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/segment_files.hpp"
#include "platform/linux/segment_writer.hpp"

namespace midge::platform {

// Of a store that midge uses. Files are small enough for a device with little space, and so many
// that the limit an operator sets may change: it is no part of the geometry.
inline constexpr hal::StorageGeometry kStoreGeometry{
    .segment_bytes = 1 << 20, .segments = kMaximumSegments, .program_unit_bytes = 512};

class FileStorage final : public hal::Storage, public Source {
 public:
  explicit FileStorage(const DiskCalls& calls = kSystemDisk) : writer_(calls) {}
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
  // See SegmentReader. Before anything is written.
  [[nodiscard]] int copy_to(const char* folder) const { return reader_.copy_to(folder); }
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
  // The file becomes another segment's, or goes. Those that are released before the thread gets to
  // it follow one another; others keep their files.
  void release(std::uint32_t segment) override;

  void on_events(std::uint32_t events) override;

 private:
  enum class Work : std::uint8_t { None, Program, Erase, Stop };
  // What the thread is to do, and what came of it.
  struct Job {
    Work work = Work::None;
    std::uint32_t segment = 0;
    std::uint32_t offset = 0;
    Bytes bytes{};
    bool is_done = false;
    int error = 0;

    [[nodiscard]] bool is_given() const { return work != Work::None && !is_done; }
  };
  // Segments whose files are not needed any more, which has time.
  struct Released {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  [[nodiscard]] hal::StorageStatus begin(const Job& job, hal::StorageHandler& handler);
  static void* run_thread(void* storage);
  void work();
  [[nodiscard]] bool is_released(std::uint32_t segment);
  void release_first();
  void finish(int error);

  hal::StorageGeometry geometry_;
  int last_error_ = 0;
  Descriptor directory_;
  Descriptor lock_;
  Descriptor done_;  // an eventfd: the thread has done its job
  SegmentReader reader_;
  hal::StorageHandler* handler_ = nullptr;  // of what is pending

  SegmentWriter writer_;  // the thread's own

  // Between the two.
  pthread_t thread_{};
  bool has_thread_ = false;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
  Job job_;
  Released released_;
};

}  // namespace midge::platform
