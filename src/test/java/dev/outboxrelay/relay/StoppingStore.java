// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.Tail;
import dev.outboxrelay.testing.Await;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A store whose calls stop where a test says: before they reach the database, or when they are done
 * there and nobody has been told. So a test comes to each moment between the two.
 */
final class StoppingStore {
  private static final int PATIENCE_SECONDS = 30;

  private final List<Stop> stops = new ArrayList<>(); // those to come; guarded by itself
  private final Map<String, Exception> failures = new ConcurrentHashMap<>();
  private final Map<Thread, Stop> standing = new ConcurrentHashMap<>();
  private final List<Stop> all = new ArrayList<>(); // guarded by stops

  /** A call that is to stop, once. */
  final class Stop {
    private final String call;
    private final boolean done;
    private final Predicate<@Nullable Object> result;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile @Nullable Thread thread;

    private Stop(String call, boolean done, Predicate<@Nullable Object> result) {
      this.call = call;
      this.done = done;
      this.result = result;
    }

    /** Waits until the call stands here. */
    void awaitReached() throws InterruptedException {
      assertTrue(reached.await(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> call + " did not come");
    }

    void letGo() {
      released.countDown();
    }

    /** Lets it go, and waits until the core has been told of it, or has that before it. */
    void letGoAndAwaitHeard() throws Exception {
      released.countDown();
      Thread caller = thread;
      Await.until(call + " is over", () -> caller != null && hasNothingToDo(caller));
    }

    /** It waits for another task, or stands in a call of one. */
    private boolean hasNothingToDo(Thread caller) {
      Stop at = standing.get(caller);
      return at == null ? caller.getState() == Thread.State.WAITING : at != this;
    }

    private void stand() throws InterruptedException {
      Thread caller = Thread.currentThread();
      thread = caller;
      standing.put(caller, this);
      reached.countDown();
      try {
        assertTrue(released.await(2 * PATIENCE_SECONDS, TimeUnit.SECONDS));
      } finally {
        standing.remove(caller);
      }
    }
  }

  /** The next call of this method stops before it reaches the database. */
  Stop before(String call) {
    return add(new Stop(call, false, result -> true));
  }

  /** The next call of this method stops when the database is done with it. */
  Stop after(String call) {
    return add(new Stop(call, true, result -> true));
  }

  /** The next call of this method with such a result stops when the database is done with it. */
  Stop after(String call, Predicate<@Nullable Object> result) {
    return add(new Stop(call, true, result));
  }

  /** The next read by this method that shows a message stops when the database is done with it. */
  Stop afterShowing(String call) {
    return add(new Stop(call, true, StoppingStore::showsAny));
  }

  private Stop add(Stop stop) {
    synchronized (stops) {
      stops.add(stop);
      all.add(stop);
    }
    return stop;
  }

  /** Calls of this method fail until {@link #clear}, before they reach the database. */
  void fail(String call, Exception failure) {
    failures.put(call, failure);
  }

  /** Lets everything go, and stops nothing more. */
  void clear() {
    failures.clear();
    synchronized (stops) {
      all.forEach(Stop::letGo);
      all.clear();
      stops.clear();
    }
  }

  private static boolean showsAny(@Nullable Object result) {
    if (result instanceof Tail tail) {
      return !tail.batch().messages().isEmpty();
    }
    if (result instanceof Batch batch) {
      return !batch.messages().isEmpty();
    }
    return result instanceof Collection<?> several && !several.isEmpty();
  }

  MessageStore wrap(MessageStore store) {
    return (MessageStore)
        Proxy.newProxyInstance(
            MessageStore.class.getClassLoader(),
            new Class<?>[] {MessageStore.class},
            (proxy, method, arguments) -> call(store, method, arguments));
  }

  private Object call(MessageStore store, Method method, Object[] arguments) throws Throwable {
    stand(take(method.getName(), false, null));
    Exception failure = failures.get(method.getName());
    if (failure != null) {
      throw failure;
    }
    Object result;
    try {
      result = method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    stand(take(method.getName(), true, result));
    return result;
  }

  private static void stand(@Nullable Stop stop) throws InterruptedException {
    if (stop != null) {
      stop.stand();
    }
  }

  private @Nullable Stop take(String call, boolean done, @Nullable Object result) {
    synchronized (stops) {
      for (Stop stop : stops) {
        if (stop.call.equals(call) && stop.done == done && stop.result.test(result)) {
          stops.remove(stop);
          return stop;
        }
      }
      return null;
    }
  }
}
