#include "platform/linux/file_storage.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <utility>

#include "broker/base/text.hpp"

namespace midge::platform {

using hal::StorageStatus;

namespace {

class Lock {
 public:
  explicit Lock(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Lock() { pthread_mutex_unlock(&mutex_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

// A segment's file name, and a zero behind it.
class FileName {
 public:
  explicit FileName(std::uint32_t segment) {
    text_.add("segment-");
    for (std::uint32_t place = 1'000; place > segment && place > 1; place /= 10) text_.add("0");
    text_.add(segment).add(std::string_view("\0", 1));
  }
  [[nodiscard]] const char* c_str() const { return text_.view().data(); }

 private:
  Text<32> text_;
};

bool sync_directory(int directory) {
  return fsync(directory) == 0;
}

}  // namespace

FileStorage::~FileStorage() {
  if (!has_thread_) return;
  {
    const Lock lock(mutex_);
    job_.work = Work::Stop;
  }
  pthread_cond_signal(&changed_);
  pthread_join(thread_, nullptr);
}

FileStorage::Opened FileStorage::open(const char* directory, const hal::StorageGeometry& geometry,
                                      EventLoop& loop) {
  if (mkdir(directory, 0700) != 0 && errno != EEXIST) return Opened::Failed;
  directory_.reset(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return Opened::Failed;
  lock_.reset(openat(directory_.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return Opened::Failed;
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? Opened::InUse : Opened::Failed;
  geometry_ = geometry;
  done_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!done_ || !loop.add(*this, done_.get(), EPOLLIN)) return Opened::Failed;
  // Signals are the loop's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  errno = pthread_create(&thread_, nullptr, run_thread, this);
  has_thread_ = errno == 0;
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return has_thread_ ? Opened::Ok : Opened::Failed;
}

StorageStatus FileStorage::read(std::uint32_t segment, std::uint32_t offset, MutableBytes out,
                                hal::StorageHandler&) {
  if (segment >= geometry_.segments || offset > geometry_.segment_bytes ||
      out.size() > geometry_.segment_bytes - offset) {
    return StorageStatus::Failed;
  }
  if (!read_file_ || read_segment_ != segment) {
    read_file_.reset(openat(directory_.get(), FileName(segment).c_str(), O_RDONLY | O_CLOEXEC));
    read_segment_ = segment;
    if (!read_file_ && errno != ENOENT) {
      last_error_ = errno;
      return StorageStatus::Failed;
    }
  }
  std::size_t count = 0;
  while (read_file_ && count < out.size()) {
    const ssize_t got = pread(read_file_.get(), out.data() + count, out.size() - count,
                              static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      last_error_ = errno;
      return StorageStatus::Failed;
    }
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), std::uint8_t{0});
  return StorageStatus::Ok;
}

StorageStatus FileStorage::program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                   hal::StorageHandler& handler) {
  const std::uint32_t unit = geometry_.program_unit_bytes;
  if (segment >= geometry_.segments || offset > geometry_.segment_bytes ||
      bytes.size() > geometry_.segment_bytes - offset || offset % unit != 0 ||
      bytes.size() % unit != 0) {
    return StorageStatus::Failed;
  }
  return begin({.work = Work::Program, .segment = segment, .offset = offset, .bytes = bytes},
               handler);
}

StorageStatus FileStorage::erase(std::uint32_t segment, hal::StorageHandler& handler) {
  if (segment >= geometry_.segments) return StorageStatus::Failed;
  return begin({.work = Work::Erase, .segment = segment}, handler);
}

StorageStatus FileStorage::begin(const Job& job, hal::StorageHandler& handler) {
  handler_ = &handler;
  {
    const Lock lock(mutex_);
    job_ = job;
  }
  pthread_cond_signal(&changed_);
  return StorageStatus::Pending;
}

void FileStorage::on_events(std::uint32_t) {
  std::uint64_t count = 0;
  if (::read(done_.get(), &count, sizeof count) != sizeof count) return;
  int error = 0;
  {
    const Lock lock(mutex_);
    error = job_.error;
    job_ = {};
  }
  if (error != 0) last_error_ = error;
  // A file that was missing may be there now.
  if (!read_file_) read_segment_ = geometry_.segments;
  hal::StorageHandler* const handler = std::exchange(handler_, nullptr);
  handler->on_storage_done(error == 0 ? StorageStatus::Ok : StorageStatus::Failed);
}

// --- the thread ---

void* FileStorage::run_thread(void* storage) {
  static_cast<FileStorage*>(storage)->work();
  return nullptr;
}

void FileStorage::work() {
  for (;;) {
    Job job;
    {
      const Lock lock(mutex_);
      while (job_.work == Work::None || job_.work == Work::Done)
        pthread_cond_wait(&changed_, &mutex_);
      job = job_;
    }
    if (job.work == Work::Stop) return;
    const int error = do_job(job);
    {
      const Lock lock(mutex_);
      if (job_.work == Work::Stop) return;
      job_ = {.work = Work::Done, .error = error};
    }
    constexpr std::uint64_t kOne = 1;
    [[maybe_unused]] const ssize_t told = ::write(done_.get(), &kOne, sizeof kOne);
  }
}

// Returns 0 or errno. After a failed sync nobody knows what the disk has: the file is opened anew,
// and what did not get there is for the caller to write, elsewhere.
int FileStorage::do_job(const Job& job) {
  int error = open_segment(job.segment);
  if (error == 0 && job.work == Work::Program) {
    error = write_all(write_file_.get(), job.bytes, job.offset);
    if (error == 0 && calls_.sync(write_file_.get()) != 0) error = errno;
  }
  if (error != 0) write_file_.reset();
  return error;
}

// Makes it the file that is written to; one that is new or too short is filled.
int FileStorage::open_segment(std::uint32_t segment) {
  if (write_file_ && write_segment_ == segment) return 0;
  write_segment_ = segment;
  write_file_.reset(
      openat(directory_.get(), FileName(segment).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct stat status {};
  if (!write_file_ || fstat(write_file_.get(), &status) != 0) return errno;
  if (status.st_size >= static_cast<off_t>(geometry_.segment_bytes)) return 0;
  const int error = fill(write_file_.get());
  // Next time all of it again.
  if (error != 0 && ftruncate(write_file_.get(), 0) != 0) return errno;
  return error;
}

// With zeros that are written, not only promised: later writes need no new space and no new
// metadata.
int FileStorage::fill(int fd) {
  static constexpr std::array<std::uint8_t, 64 * 1024> kZeros{};
  for (std::uint32_t at = 0; at < geometry_.segment_bytes;) {
    const auto count = static_cast<std::uint32_t>(
        std::min<std::size_t>(kZeros.size(), geometry_.segment_bytes - at));
    const int error = write_all(fd, Bytes(kZeros).first(count), at);
    if (error != 0) return error;
    at += count;
  }
  if (calls_.sync(fd) != 0 || !sync_directory(directory_.get())) return errno;
  return 0;
}

int FileStorage::write_all(int fd, Bytes bytes, std::uint32_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = calls_.write(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint32_t>(count);
  }
  return 0;
}

}  // namespace midge::platform
