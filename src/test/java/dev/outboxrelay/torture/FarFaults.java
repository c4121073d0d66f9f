// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.FaultProxy.Side;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A broker that dies or stands still, and the network in front of it. All destinations use it. */
final class FarFaults implements FaultFamily {
  /** What a run with a broker makes; the others need a receiver with a will of its own. */
  static final List<FaultKind> KINDS =
      List.of(
          FaultKind.KILL_RELAY,
          FaultKind.TERMINATE_RELAY,
          FaultKind.FREEZE_RELAY,
          FaultKind.KILL_POSTGRES,
          FaultKind.TERMINATE_ALL_BACKENDS,
          FaultKind.CUT_DATABASE,
          FaultKind.STALL_DATABASE,
          FaultKind.CUT_RECEIVER,
          FaultKind.CUT_INSIDE_LINE,
          FaultKind.STALL_NETWORK,
          FaultKind.HALF_OPEN_AT_RELAY,
          FaultKind.HALF_OPEN_AT_RECEIVER,
          FaultKind.RECEIVER_REFUSES_CONNECTIONS,
          FaultKind.CRASH_RECEIVER,
          FaultKind.RECEIVER_STOPS_READING);

  private final Semaphore networkFree = new Semaphore(1);
  private final Semaphore brokerFree = new Semaphore(1);
  private final FarEnd end;

  FarFaults(FarEnd end) {
    this.end = end;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    FaultProxy network = end.network();
    int millis = chance.shortMillis();
    return switch (kind) {
      case CUT_RECEIVER -> onNetwork(Fault.once(network::cut));
      case CUT_INSIDE_LINE ->
          onNetwork(
              stop -> {
                network.cutAfterBytes(50 + millis * 3L);
                stop.await(Duration.ofMillis(millis));
                return network.cutPending() ? 0 : 1;
              });
      case STALL_NETWORK -> onNetwork(Fault.between(millis, network::stall, network::resume));
      case HALF_OPEN_AT_RELAY -> onNetwork(Fault.once(() -> network.halfOpen(Side.CLIENT)));
      case HALF_OPEN_AT_RECEIVER -> onNetwork(Fault.once(() -> network.halfOpen(Side.TARGET)));
      case RECEIVER_REFUSES_CONNECTIONS ->
          onNetwork(
              Fault.between(
                  millis,
                  () -> {
                    network.refuse();
                    network.cut();
                  },
                  network::listen));
      case CRASH_RECEIVER -> onBroker(Fault.between(millis, end::kill, end::start));
      case RECEIVER_STOPS_READING ->
          onBroker(Fault.between(chance.longMillis() / 2, end::freeze, end::proceed));
      default -> null;
    };
  }

  private Fault onNetwork(Fault.Act act) {
    return new Fault(networkFree, null, act);
  }

  private Fault onBroker(Fault.Act act) {
    return new Fault(brokerFree, null, act);
  }
}
