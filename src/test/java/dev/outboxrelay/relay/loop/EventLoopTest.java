// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class EventLoopTest {
  private static final int SECONDS = 10;

  private final BlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
  private final EventLoop core = new EventLoop(new SystemThreads(), "core-test", faults::add);

  @AfterEach
  void close() {
    core.close();
  }

  @Test
  void task_coreFree_runsOnTheThreadThatBringsIt() {
    CompletableFuture<Thread> ran = new CompletableFuture<>();
    core.execute(() -> ran.complete(Thread.currentThread()));
    assertSame(Thread.currentThread(), ran.getNow(null));
  }

  @Test
  void task_broughtByATask_runsAfterItOnTheCoresThread() throws Exception {
    BlockingQueue<String> order = new ArrayBlockingQueue<>(2);
    CompletableFuture<Thread> ran = new CompletableFuture<>();
    core.execute(
        () -> {
          core.execute(
              () -> {
                order.add("second");
                ran.complete(Thread.currentThread());
              });
          order.add("first");
        });
    assertNotSame(Thread.currentThread(), ran.get(SECONDS, TimeUnit.SECONDS));
    assertEquals(List.of("first", "second"), List.copyOf(order));
  }

  @Test
  void task_coreBusy_doesNotKeepItsBringer() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<Boolean> second = new CompletableFuture<>();
    Thread first =
        new Thread(
            () ->
                core.execute(
                    () -> {
                      begun.countDown();
                      await(end);
                    }));
    first.start();
    await(begun);
    core.execute(() -> second.complete(true));
    assertFalse(second.isDone());
    end.countDown();
    assertTrue(second.get(SECONDS, TimeUnit.SECONDS));
    first.join();
  }

  @Test
  void tasks_manyThreads_runOneAtATimeInEachThreadsOrder() throws Exception {
    int threads = 4;
    int each = 20_000;
    int[] last = new int[threads]; // plain, as the relay's state is
    int[] count = new int[1];
    CountDownLatch done = new CountDownLatch(threads * each);
    List<Thread> bringers = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int number = t;
      Thread bringer =
          new Thread(
              () -> {
                for (int i = 1; i <= each; i++) {
                  int nth = i;
                  core.execute(
                      () -> {
                        count[0]++;
                        if (last[number] != nth - 1) {
                          throw new IllegalStateException(last[number] + " before " + nth);
                        }
                        last[number] = nth;
                        done.countDown();
                      });
                }
              });
      bringers.add(bringer);
      bringer.start();
    }
    for (Thread bringer : bringers) {
      bringer.join();
    }
    assertTrue(done.await(SECONDS, TimeUnit.SECONDS), () -> faults.toString());
    assertEquals(threads * each, count[0]);
    assertTrue(faults.isEmpty());
  }

  @Test
  void timer_cancelledWhileItWaitsForItsTurn_doesNotRun() throws Exception {
    CompletableFuture<Boolean> ran = new CompletableFuture<>();
    CountDownLatch due = new CountDownLatch(1);
    CompletableFuture<Boolean> after = new CompletableFuture<>();
    core.execute(
        () -> {
          Scheduler.Timer timer = core.schedule(0, () -> ran.complete(true));
          core.schedule(1, due::countDown);
          awaitTimersBrought();
          timer.cancel();
        });
    core.execute(() -> after.complete(true));
    assertTrue(after.get(SECONDS, TimeUnit.SECONDS));
    await(due);
    assertFalse(ran.isDone());
  }

  /**
   * The core's thread is free here, and brings timers in their order, so both have been brought.
   */
  private void awaitTimersBrought() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (core.waitingCount() < 2 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
  }

  /** Heartbeat and lease hang on timers. */
  @Test
  void timer_tasksKeepComing_runsAllTheSame() throws Exception {
    CompletableFuture<Boolean> ran = new CompletableFuture<>();
    Runnable[] again = new Runnable[1];
    again[0] =
        () -> {
          if (!ran.isDone()) {
            core.execute(again[0]);
          }
        };
    core.execute(again[0]);
    core.schedule(1, () -> ran.complete(true));
    assertTrue(ran.get(SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void fault_ofATask_isToldAndTheNextRuns() {
    IllegalStateException fault = new IllegalStateException("ours");
    core.execute(
        () -> {
          throw fault;
        });
    assertSame(fault, faults.poll());
    CompletableFuture<Boolean> next = new CompletableFuture<>();
    core.execute(() -> next.complete(true));
    assertTrue(next.getNow(false));
  }

  @Test
  void closed_core_runsNothing() {
    core.close();
    CompletableFuture<Boolean> ran = new CompletableFuture<>();
    core.execute(() -> ran.complete(true));
    core.schedule(0, () -> ran.complete(true));
    assertFalse(ran.isDone());
    assertTrue(faults.isEmpty());
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(SECONDS, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
