// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy.Side;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.torture.ReceiverScript.Mood;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Receivers that fail, and the network in front of them. */
final class ReceiverFaults implements FaultFamily {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  private final List<Station> stations;

  ReceiverFaults(List<Station> stations) {
    this.stations = stations;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    Station station = chance.station();
    int millis = chance.shortMillis();
    return switch (kind) {
      case CUT_RECEIVER -> Fault.at(station, Fault.once(station.network::cut));
      case CUT_INSIDE_LINE ->
          Fault.at(
              station,
              stop -> {
                station.network.cutAfterBytes(50 + millis * 3L);
                stop.await(Duration.ofMillis(millis));
                awaitTrue(stop, () -> !station.network.cutPending());
                return station.network.cutPending() ? 0 : 1;
              });
      case STALL_NETWORK ->
          between(station, millis, station.network::stall, station.network::resume);
      case HALF_OPEN_AT_RELAY ->
          Fault.at(station, Fault.once(() -> station.network.halfOpen(Side.CLIENT)));
      case HALF_OPEN_AT_RECEIVER ->
          Fault.at(station, Fault.once(() -> station.network.halfOpen(Side.TARGET)));
      case CRASH_RECEIVER ->
          between(station, millis, station.receiver::crash, station.receiver::listen);
      case RECEIVER_STOPS_READING ->
          between(station, millis, station.receiver::stallReading, station.receiver::resumeReading);
      case RECEIVER_CUTS_ANSWER -> once(station, Reply.cutInsideAnswer());
      case RECEIVER_ANSWERS_GARBAGE -> once(station, Reply.raw("\u0000{]what?\n"));
      case RECEIVER_REFUSES_CONNECTIONS ->
          between(
              station,
              millis,
              () -> {
                station.network.refuse();
                station.network.cut();
              },
              station.network::listen);
      case RECEIVER_HALF_CLOSES -> once(station, Reply.halfClose());
      case RECEIVER_REFUSES_MESSAGES -> inMood(station, millis, Mood.REFUSING);
      case RECEIVER_REFUSES_FOR_GOOD ->
          inMood(Station.thatHolds(stations), millis, Mood.REFUSING_FOR_GOOD);
      case RECEIVER_SILENT -> inMood(station, millis, Mood.SILENT);
      default -> null;
    };
  }

  /** The next line, whenever it comes, is answered with this: so long the fault is under way. */
  private static Fault once(Station station, Reply reply) {
    return Fault.at(
        station,
        stop -> {
          station.script.once(reply);
          awaitTrue(stop, () -> !station.script.onceWaits());
          return station.script.forgetOnce() ? 0 : 1;
        });
  }

  private static void awaitTrue(StopSignal stop, BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (stop.await(LOOK_AGAIN)) {
        return;
      }
    }
  }

  private static Fault inMood(Station station, int millis, Mood mood) {
    return Fault.at(
        station,
        stop -> {
          long before = station.script.unwilling();
          station.script.mood(mood);
          stop.await(Duration.ofMillis(millis));
          awaitTrue(stop, () -> station.script.unwilling() > before);
          station.script.mood(Mood.ACKNOWLEDGING);
          return station.script.unwilling() - before;
        });
  }

  private static Fault between(Station station, int millis, Fault.Step begin, Fault.Step end) {
    return Fault.at(station, Fault.between(millis, begin, end));
  }
}
