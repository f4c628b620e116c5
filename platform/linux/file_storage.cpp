#include "platform/linux/file_storage.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

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
  if (!reader_.open(directory_.get(), geometry)) return Opened::Failed;
  writer_.open(directory_.get(), geometry);
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
  const int error = reader_.read(segment, offset, out);
  if (error == 0) return StorageStatus::Ok;
  last_error_ = error;
  return StorageStatus::Failed;
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
  reader_.expect(job.segment);
  {
    const Lock lock(mutex_);
    job_ = job;
  }
  pthread_cond_signal(&changed_);
  return StorageStatus::Pending;
}

void FileStorage::release(std::uint32_t segment) {
  {
    const Lock lock(mutex_);
    if (released_.count == 0) released_.first = segment;
    if ((released_.first + released_.count) % geometry_.segments != segment) return;
    ++released_.count;
  }
  pthread_cond_signal(&changed_);
}

void FileStorage::on_events(std::uint32_t) {
  std::uint64_t count = 0;
  if (::read(done_.get(), &count, sizeof count) != sizeof count) return;
  Job job;
  {
    const Lock lock(mutex_);
    job = std::exchange(job_, {});
  }
  if (job.error != 0) last_error_ = job.error;
  if (job.work == Work::Erase) reader_.forget();
  hal::StorageHandler* const handler = std::exchange(handler_, nullptr);
  handler->on_storage_done(job.error == 0 ? StorageStatus::Ok : StorageStatus::Failed);
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
      while (!job_.is_given() && released_.count == 0) pthread_cond_wait(&changed_, &mutex_);
      job = job_;
    }
    switch (job.is_done ? Work::None : job.work) {
      case Work::None:
        release_first();
        break;
      case Work::Erase:
        // It may need a file that was given back, and must not be given back itself any more.
        do {
          release_first();
        } while (is_released(job.segment));
        finish(writer_.make(job.segment));
        break;
      case Work::Program:
        finish(writer_.program(job.segment, job.offset, job.bytes));
        break;
      case Work::Stop:
        return;
    }
  }
}

bool FileStorage::is_released(std::uint32_t segment) {
  const Lock lock(mutex_);
  const std::uint32_t count = geometry_.segments;
  return (segment + count - released_.first) % count < released_.count;
}

// One at a time, because a job has precedence.
void FileStorage::release_first() {
  std::uint32_t segment = 0;
  {
    const Lock lock(mutex_);
    if (released_.count == 0) return;
    segment = released_.first;
    released_.first = (segment + 1) % geometry_.segments;
    --released_.count;
  }
  writer_.release(segment);
}

void FileStorage::finish(int error) {
  {
    const Lock lock(mutex_);
    if (job_.work == Work::Stop) return;
    job_.is_done = true;
    job_.error = error;
  }
  constexpr std::uint64_t kOne = 1;
  [[maybe_unused]] const ssize_t told = ::write(done_.get(), &kOne, sizeof kOne);
}

}  // namespace midge::platform
