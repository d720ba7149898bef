// A thread says that it only waits, so that who runs it may let another one work meanwhile.
#pragma once

namespace plumb {

// Who runs threads and wants to know. Called on the thread itself; quick.
class BlockingListener {
 public:
  virtual ~BlockingListener() = default;
  virtual void BlockingBegins() = 0;
  virtual void BlockingEnds() = 0;

  // For this thread, from now on; null: nobody.
  static void OfThisThread(BlockingListener* listener);
};

// Stands around what waits for a server, a program or another thread. Nested ones count once. Costs nothing to speak of where
// nobody listens.
class Blocking {
 public:
  Blocking();
  ~Blocking();
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;
};

}  // namespace plumb
