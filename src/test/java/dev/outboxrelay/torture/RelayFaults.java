package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy.Side;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Relays that are killed, stopped, frozen, starved, and cut off from their database. */
final class RelayFaults implements FaultFamily {
  private static final Duration STOP_WITHIN = Duration.ofSeconds(10);
  private static final Duration STOP_MARGIN = Duration.ofSeconds(3);
  private static final Duration STARTED_WITHIN = Duration.ofSeconds(15);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
  private static final Duration STARVED_WITHIN = Duration.ofSeconds(30);

  /** The relay's own for it, and that of a Java runtime that is told to exit by itself. */
  private static final Set<Integer> OUT_OF_MEMORY = Set.of(71, 3);

  private final Misbehaviour misbehaviour;

  RelayFaults(Misbehaviour misbehaviour) {
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
          Fault.onRelay(relay, Fault.between(shortMillis, () -> starve(relay), relay::restart));
      case LOG_UNREAD ->
          new Fault(
              relay.logFree,
              null,
              Fault.between(longMillis, relay.logPipe::stopReading, relay.logPipe::readOn));
      case CUT_DATABASE ->
          Fault.onRelay(
              relay,
              stop -> {
                relay.database.cut();
                relay.secondHost.cut();
              });
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
              stop -> {
                relay.database.halfOpen(Side.CLIENT);
                relay.secondHost.halfOpen(Side.CLIENT);
              });
      case DATABASE_HOST_GONE ->
          Fault.onRelay(
              relay,
              Fault.between(
                  longMillis,
                  () -> {
                    relay.database.refuse();
                    relay.database.cut();
                  },
                  relay.database::listen));
      default -> null;
    };
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
   */
  private void starve(RelaySlot relay) throws Exception {
    long until = System.nanoTime() + STARTED_WITHIN.toNanos();
    StopSignal never = new StopSignal();
    while (!relay.process().hasSpoken()) {
      if (System.nanoTime() > until) {
        relay.process().kill();
        return;
      }
      never.await(LOOK_AGAIN);
    }
    try {
      relay.process().tell("eat");
    } catch (IOException e) {
      // It has just ended by itself, which is looked into elsewhere.
      return;
    }
    if (!relay.process().awaitEnd(STARVED_WITHIN)) {
      misbehaviour.add("a relay without memory lived on for " + STARVED_WITHIN.toSeconds() + " s");
      relay.process().kill();
    } else if (!OUT_OF_MEMORY.contains(relay.process().exitCode())) {
      misbehaviour.add(
          "a relay without memory ended with " + relay.process().exitCode() + ", not 71");
    }
  }
}
