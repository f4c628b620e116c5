#include "platform/linux/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace midge::platform {

bool Signals::start(EventLoop& loop) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGRTMIN}) sigaddset(&wanted, number);
  if (sigprocmask(SIG_BLOCK, &wanted, nullptr) != 0) return false;
  fd_.reset(signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
  return fd_ && loop.add(*this, fd_.get(), EPOLLIN);
}

void Signals::on_events(std::uint32_t) {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == sizeof info) {
    const auto number = static_cast<int>(info.ssi_signo);
    if (number == SIGTERM || number == SIGINT) {
      stop_requested_ = true;
      continue;
    }
    log_.reopen();
    if (number == SIGHUP)
      log_.write(LogLevel::Notice,
                 "The configuration is read at the start only; going on with it.");
  }
}

}  // namespace midge::platform
