// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** When which fault was made, so that repetitions can be held against it. */
final class FaultLog {
  /**
   * How long after its end a fault may still cause a repetition: the heartbeat bound of 10 s,
   * within which a lost session is noticed, and a margin.
   */
  private static final Duration AFTERMATH = Duration.ofSeconds(15);

  /** A fault that was made. */
  static final class Made {
    final FaultKind kind;
    final @Nullable String destination;
    final long startNanos;
    volatile long endNanos = Long.MAX_VALUE;
    private volatile long times;

    Made(FaultKind kind, @Nullable String destination, long startNanos) {
      this.kind = kind;
      this.destination = destination;
      this.startNanos = startNanos;
    }

    /** It did what it is for, so many times. */
    void came(long toTimes) {
      times = toTimes;
    }

    void ended() {
      endNanos = System.nanoTime();
    }
  }

  private final List<Made> made = new ArrayList<>();

  /**
   * Notes a fault.
   *
   * @param destination the only destination that it concerns, null for all
   */
  synchronized Made begin(FaultKind kind, @Nullable String destination) {
    Made fault = new Made(kind, destination, System.nanoTime());
    made.add(fault);
    return fault;
  }

  /**
   * The machine itself stood still for so long that timeouts may have passed: nobody's doing, and
   * yet a reason for repetitions.
   */
  synchronized void stoodStill(long sinceNanos) {
    Made stall = new Made(FaultKind.MACHINE_STOOD_STILL, null, sinceNanos);
    stall.ended();
    made.add(stall);
  }

  /** Whether a fault accounts for a message that came twice. */
  synchronized boolean explains(String destination, Inbox.Repeat repeat) {
    return made.stream()
        .anyMatch(
            fault ->
                (fault.destination == null || fault.destination.equals(destination))
                    && fault.startNanos <= repeat.nanos()
                    && (fault.endNanos == Long.MAX_VALUE
                        || fault.endNanos + AFTERMATH.toNanos() >= repeat.previousNanos()));
  }

  /**
   * Whether the acknowledgement was lost with the server: commits of less than so long ago may be.
   */
  synchronized boolean lostWithTheServer(Inbox.Repeat repeat, Duration atMost) {
    return made.stream()
        .anyMatch(
            fault ->
                fault.kind == FaultKind.KILL_POSTGRES
                    && repeat.answeredNanos() != 0
                    && repeat.answeredNanos() >= fault.startNanos - atMost.toNanos()
                    && repeat.answeredNanos() <= fault.endNanos);
  }

  synchronized Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    made.forEach(fault -> counts.merge(fault.kind.name(), 1, Integer::sum));
    return counts;
  }

  /** How many times the faults of each kind did what they are for, all together. */
  synchronized Map<FaultKind, Long> deeds() {
    Map<FaultKind, Long> deeds = new EnumMap<>(FaultKind.class);
    made.forEach(fault -> deeds.merge(fault.kind, fault.times, Long::sum));
    deeds.remove(FaultKind.MACHINE_STOOD_STILL);
    return deeds;
  }
}
