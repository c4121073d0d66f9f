// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.util.List;
import java.util.concurrent.Semaphore;

/** A destination's far end: receiver, script and inbox, and the network in front of it. */
final class Station implements AutoCloseable {
  final Semaphore free = new Semaphore(1);
  final Inbox inbox;
  final ReceiverScript script;
  final ScriptedReceiver receiver;
  final FaultProxy network;

  Station(Legacy.Target target, long seed) {
    inbox = new Inbox(target);
    script = new ReceiverScript(inbox, seed);
    receiver = ScriptedReceiver.startKeepingNothing(script);
    network = FaultProxy.to(receiver.port());
  }

  /** The one whose keys wait behind a failed message. */
  static Station thatHolds(List<Station> stations) {
    return stations.stream()
        .filter(station -> station.inbox.target().holds())
        .findFirst()
        .orElseThrow();
  }

  /** It is owed what is captured, and not only what is published. */
  boolean captures() {
    return !inbox.target().sources().equals(List.of(Legacy.PUBLISHED));
  }

  String name() {
    return inbox.target().name();
  }

  @Override
  public void close() {
    network.close();
    receiver.close();
  }
}
