// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy.Side;
import dev.outboxrelay.testing.LogPipe;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Relays that are killed, stopped, frozen, starved, and cut off from their database. */
final class RelayFaults implements FaultFamily {
  private static final Duration STOP_WITHIN = Duration.ofSeconds(10);
  private static final Duration STOP_MARGIN = Duration.ofSeconds(3);
  private static final Duration STARTED_WITHIN = Duration.ofSeconds(15);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
  private static final Duration STARVED_WITHIN = Duration.ofSeconds(30);

  /** The relay's own; the Java runtime is not told to exit by itself. */
  private static final int OUT_OF_MEMORY = 71;

  /** What nobody reads may at least stay so until the pipe is full. */
  private static final Duration PIPE_FULL_WITHIN = Duration.ofSeconds(20);

  private final List<RelaySlot> relays;
  private final Misbehaviour misbehaviour;

  RelayFaults(List<RelaySlot> relays, Misbehaviour misbehaviour) {
    this.relays = relays;
    this.misbehaviour = misbehaviour;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    RelaySlot relay = chance.relay();
    int shortMillis = chance.shortMillis();
    int longMillis = chance.longMillis();
    return switch (kind) {
      case KILL_RELAY ->
          Fault.onRelay(
              relay, Fault.between(shortMillis, () -> relay.process().kill(), relay::restart));
      case TERMINATE_RELAY ->
          Fault.onRelay(relay, Fault.between(shortMillis, () -> terminate(relay), relay::restart));
      case FREEZE_RELAY ->
          Fault.onRelay(
              relay,
              Fault.between(
                  longMillis, () -> relay.process().freeze(), () -> relay.process().proceed()));
      case MEMORY_GONE ->
          Fault.onRelay(
              relay,
              stop -> {
                boolean byItself = starve(relay);
                stop.await(Duration.ofMillis(shortMillis));
                relay.restart();
                return byItself ? 1 : 0;
              });
      case LOG_UNREAD -> {
        RelaySlot talkative = relay.isTalkative() ? relay : relays.get(0);
        yield new Fault(
            talkative.logFree, null, stop -> leaveUnread(talkative.logPipe, stop, longMillis));
      }
      case CUT_DATABASE ->
          Fault.onRelay(
              relay,
              Fault.once(
                  () -> {
                    relay.database.cut();
                    relay.secondHost.cut();
                  }));
      case STALL_DATABASE ->
          Fault.onRelay(
              relay,
              Fault.between(
                  longMillis,
                  () -> {
                    relay.database.stall();
                    relay.secondHost.stall();
                  },
                  () -> {
                    relay.database.resume();
                    relay.secondHost.resume();
                  }));
      case HALF_OPEN_DATABASE ->
          Fault.onRelay(
              relay,
              Fault.once(
                  () -> {
                    relay.database.halfOpen(Side.CLIENT);
                    relay.secondHost.halfOpen(Side.CLIENT);
                  }));
      case DATABASE_HOST_GONE -> {
        RelaySlot withTwo = relay.hasTwoHosts() ? relay : relays.get(0);
        yield Fault.onRelay(withTwo, stop -> loseHost(withTwo, stop, longMillis));
      }
      default -> null;
    };
  }

  /** Until the pipe is full, so that whoever writes would wait, and for a while more. */
  private static long leaveUnread(LogPipe pipe, StopSignal stop, int millis) {
    long until = System.nanoTime() + PIPE_FULL_WITHIN.toNanos();
    pipe.stopReading();
    while (!pipe.isFull() && System.nanoTime() < until && !stop.await(LOOK_AGAIN)) {
      // Looked at again.
    }
    boolean full = pipe.isFull();
    stop.await(Duration.ofMillis(millis));
    pipe.readOn();
    return full ? 1 : 0;
  }

  /** The first host of two refuses, and ends what it had: the other one is as good. */
  private static long loseHost(RelaySlot relay, StopSignal stop, int millis) {
    int before = relay.secondHost.accepted();
    relay.database.refuse();
    relay.database.cut();
    stop.await(Duration.ofMillis(millis));
    long until = System.nanoTime() + STARTED_WITHIN.toNanos();
    while (relay.secondHost.accepted() == before
        && System.nanoTime() < until
        && !stop.await(LOOK_AGAIN)) {
      // Looked at again.
    }
    relay.database.listen();
    return relay.secondHost.accepted() - before;
  }

  private void terminate(RelaySlot relay) throws Exception {
    boolean started = relay.process().hasSpoken();
    long from = System.nanoTime();
    boolean gone = relay.process().terminate(STOP_WITHIN.plus(STOP_MARGIN));
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    if (!gone) {
      misbehaviour.add("a relay did not end within " + took.toMillis() + " ms of SIGTERM");
      relay.process().kill();
    } else if (started && relay.process().exitCode() != 0) {
      misbehaviour.add("a relay ended with " + relay.process().exitCode() + " on SIGTERM");
    }
  }

  /**
   * What happens next is the service manager's: it starts the relay again. One that has not come to
   * speak yet is not the program, but a Java runtime on its way to it: that is killed.
   *
   * @return whether it ended by itself as it must
   */
  private boolean starve(RelaySlot relay) throws Exception {
    long until = System.nanoTime() + STARTED_WITHIN.toNanos();
    StopSignal never = new StopSignal();
    while (!relay.process().hasSpoken()) {
      if (System.nanoTime() > until) {
        relay.process().kill();
        return false;
      }
      never.await(LOOK_AGAIN);
    }
    try {
      relay.process().tell("eat");
    } catch (IOException e) {
      // It has just ended by itself, which is looked into elsewhere.
      return false;
    }
    if (!relay.process().awaitEnd(STARVED_WITHIN)) {
      misbehaviour.add("a relay without memory lived on for " + STARVED_WITHIN.toSeconds() + " s");
      relay.process().kill();
      return false;
    }
    if (relay.process().exitCode() != OUT_OF_MEMORY) {
      misbehaviour.add(
          "a relay without memory ended with "
              + relay.process().exitCode()
              + ", not "
              + OUT_OF_MEMORY);
      return false;
    }
    return true;
  }
}
