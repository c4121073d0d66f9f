// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.Scenario.Kind;
import dev.outboxrelay.simulation.Scenario.Outcome;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs scenarios.
 *
 * <pre>
 * simulation.seed=N        the first seed
 * simulation.count=N       how many
 * simulation.kind=NAME     of one kind, see Scenario.Kind
 * simulation.seconds=N     how long, instead
 * simulation.threads=N     each runs scenarios of its own
 * </pre>
 */
public final class Simulator {
  /** More say nothing new. */
  private static final int MOST_FAILURES = 20;

  /**
   * What came of many.
   *
   * @param failures those that broke a promise
   */
  record Result(
      long scenarios,
      long deliveries,
      long repeats,
      long events,
      long cpuNanos,
      List<Outcome> failures) {}

  private Simulator() {}

  /** Runs scenarios of consecutive seeds until there are enough, or it is time. */
  static Result run(long firstSeed, long count, long deadlineNanos, int threads)
      throws InterruptedException {
    return run(Kind.ANY, firstSeed, count, deadlineNanos, threads);
  }

  static Result run(Kind kind, long firstSeed, long count, long deadlineNanos, int threads)
      throws InterruptedException {
    AtomicLong next = new AtomicLong(firstSeed);
    AtomicLong deliveries = new AtomicLong();
    AtomicLong repeats = new AtomicLong();
    AtomicLong events = new AtomicLong();
    AtomicLong ran = new AtomicLong();
    AtomicLong cpu = new AtomicLong();
    List<Outcome> failures = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<?>> all = new ArrayList<>();
    for (int n = 0; n < threads; n++) {
      all.add(
          pool.submit(
              () -> {
                long seed = next.getAndIncrement();
                while (seed < firstSeed + count
                    && System.nanoTime() - deadlineNanos < 0
                    && !Thread.currentThread().isInterrupted()) {
                  Outcome outcome = Scenario.run(kind, seed, false);
                  ran.incrementAndGet();
                  deliveries.addAndGet(outcome.deliveries());
                  repeats.addAndGet(outcome.repeats());
                  events.addAndGet(outcome.events());
                  if (outcome.violation() != null && isEnough(failures, outcome)) {
                    break;
                  }
                  seed = next.getAndIncrement();
                }
                cpu.addAndGet(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
                return null;
              }));
    }
    try {
      for (Future<?> one : all) {
        one.get();
      }
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException("a scenario of a seed before " + next.get(), e);
    } finally {
      // Who asked may have been interrupted: nothing goes on behind the next test's back.
      pool.shutdownNow();
    }
    return new Result(
        ran.get(), deliveries.get(), repeats.get(), events.get(), cpu.get(), failures);
  }

  private static boolean isEnough(List<Outcome> failures, Outcome failure) {
    synchronized (failures) {
      failures.add(failure);
      return failures.size() >= MOST_FAILURES;
    }
  }

  /** By system properties; with one seed alone, its trace. */
  public static void main(String[] args) throws InterruptedException {
    long seed = Long.getLong("simulation.seed", 1);
    Kind kind = Kind.valueOf(System.getProperty("simulation.kind", Kind.ANY.name()));
    long count = Long.getLong("simulation.count", Long.MAX_VALUE / 2);
    if (count == 1) {
      Outcome outcome = Scenario.run(kind, seed, true);
      outcome.trace().forEach(System.out::println);
      System.out.println(
          "seed " + seed + ": " + outcome.violation() + ", digest " + outcome.digest());
      return;
    }
    long seconds = Long.getLong("simulation.seconds", 3600);
    int threads = Integer.getInteger("simulation.threads", 2);
    long begun = System.nanoTime();
    Result result = run(kind, seed, count, begun + seconds * 1_000_000_000L, threads);
    double took = (System.nanoTime() - begun) / 1e9;
    result.failures().forEach(o -> System.out.println("seed " + o.seed() + ": " + o.violation()));
    System.out.println(
        String.format(
            Locale.ROOT,
            "%d scenarios from seed %d in %.1f s, %.2f ms of processor time each, %.0f an hour:"
                + " %d deliveries, %d repeats, %d events, %d failures",
            result.scenarios(),
            seed,
            took,
            result.cpuNanos() / 1e6 / result.scenarios(),
            result.scenarios() / took * 3600,
            result.deliveries(),
            result.repeats(),
            result.events(),
            result.failures().size()));
  }
}
