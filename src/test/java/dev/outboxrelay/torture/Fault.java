// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A fault that can be made now.
 *
 * @param thing what it needs for itself: it is not made while another fault has it
 * @param destination the only destination that it concerns, null for all
 * @param act what it does, from its start to its healing
 */
record Fault(Semaphore thing, @Nullable String destination, Act act) {

  /** What a fault does. */
  interface Act {
    /**
     * Does it.
     *
     * @param stop when set, the fault is to be healed without further delay
     * @return how many times it did what it is for, 0 when it came to nothing
     */
    long perform(StopSignal stop) throws Exception;
  }

  static Fault at(Station station, Act act) {
    return new Fault(station.free, station.name(), act);
  }

  static Fault onRelay(RelaySlot relay, Act act) {
    return new Fault(relay.free, null, act);
  }

  /** Something that is over when it is done. */
  static Act once(Step step) {
    return stop -> {
      step.take();
      return 1;
    };
  }

  /** Begins something, lets it be for a while, and ends it. */
  static Act between(int millis, Step begin, Step end) {
    return stop -> {
      begin.take();
      stop.await(Duration.ofMillis(millis));
      end.take();
      return 1;
    };
  }

  /** A part of an act. */
  interface Step {
    void take() throws Exception;
  }
}
